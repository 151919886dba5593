//! The checker's own view of the messages to the servers of part 2.
//!
//! Only the graded variants. The types of jobs, tasks and their products are those of `batch`, which no
//! learner edits.

use std::time::Duration;

use batch::{Attempt, JobId, JobStatus, LocalMsg, MapOutput, Product, TaskError, TaskId, Work};
use runtime::{Address, Reply, ServerName, SupervisorMsg};
use serde::{Deserialize, Serialize};

pub(super) const MANAGER: ServerName<ManagerMsg> = ServerName::new("manager");
pub(super) const LOCAL: ServerName<LocalMsg<JobKind>> = ServerName::new("local");
pub(super) const WORKERS: ServerName<SupervisorMsg> = ServerName::new("workers");

/// The time that the exercise gives an attempt.
pub(super) const LEASE: Duration = Duration::from_secs(1);

/// After so many crashes the exercise gives a task up.
pub(super) const MAX_CRASHES: u64 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum JobKind {
    WordCount,
    InvertedIndex,
}

pub(super) type JobSpec = batch::JobSpec<JobKind>;

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ManagerMsg {
    Submit(JobSpec, Reply<Result<JobId, String>>),
    Status(JobId, Reply<JobStatus>),
    Finished {
        attempt: Attempt,
        worker: Address<()>,
        product: Product,
    },
    Failed {
        attempt: Attempt,
        worker: Address<()>,
        why: TaskError,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WorkerMsg {
    Assign(Assignment),
}

/// Of an assignment, what is graded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Assignment {
    pub(super) attempt: Attempt,
    pub(super) work: Work,
}

/// Of the questions to a node's `partitions`, the one that others ask.
#[derive(Debug, Deserialize)]
pub(super) enum Fetching {
    Fetch { output: MapOutput, partition: usize },
}

/// Whether a task is a map task.
pub(super) fn is_map(task: TaskId) -> bool {
    map_number(task).is_some()
}

/// The number of a map task.
pub(super) fn map_number(task: TaskId) -> Option<usize> {
    match task {
        TaskId::Map(number) => Some(number),
        TaskId::Reduce(_) => None,
    }
}
