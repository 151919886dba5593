//! The messages to the servers of part 2.
//!
//! The checker sends the messages marked *graded*, or looks for them on the network. Keep their names and
//! fields, and add messages of your own after them.

use std::time::Duration;

use batch::{Attempt, Experiment, JobId, LocalMsg, Product, TaskError, Work};
pub use batch::{JobStatus, Progress, Summary};
use runtime::{Address, NodeName, Reply, ServerName, SupervisorMsg};
use serde::{Deserialize, Serialize};

/// The manager of each node.
pub const MANAGER: ServerName<ManagerMsg> = ServerName::new("manager");

/// A server that does jobs alone, for problem 1. Given.
pub const LOCAL: ServerName<LocalMsg<JobKind>> = ServerName::new("local");

/// The supervisor of each node's workers. `ctx.start_child` has it start one more.
pub const WORKERS: ServerName<SupervisorMsg> = ServerName::new("workers");

/// How long an attempt may take before the manager may begin another one.
pub const LEASE: Duration = Duration::from_secs(1);

/// The manager gives up on a task that has crashed this many times.
pub const MAX_CRASHES: u32 = 4;

/// How long a worker without a task waits before it asks again, if your workers ask.
pub const ASK_INTERVAL: Duration = Duration::from_millis(200);

/// What a job computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobKind {
    /// Graded: how often each word occurs.
    WordCount,
    /// Graded: in which files each word occurs.
    InvertedIndex,
}

/// A job.
pub type JobSpec = batch::JobSpec<JobKind>;

/// What a manager understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum ManagerMsg {
    /// Graded: do this job. The answer comes at once: the job's id, or why it cannot begin.
    Submit(JobSpec, Reply<Result<JobId, String>>),
    /// Graded: the state of this job.
    Status(JobId, Reply<JobStatus>),
    /// Graded: a worker has done a task.
    Finished {
        /// The attempt.
        attempt: Attempt,
        /// The worker that made it.
        worker: Address<WorkerMsg>,
        /// Its result.
        product: Product,
    },
    /// Graded: a worker could not do a task. (The worker still runs. A worker that crashes sends nothing.)
    Failed {
        /// The attempt.
        attempt: Attempt,
        /// The worker that made it.
        worker: Address<WorkerMsg>,
        /// Why it failed.
        why: TaskError,
    },
    // ── gap 2: more messages to the manager
    /// A worker has nothing to do. It says so when it starts, and every now and then.
    Ready(Address<WorkerMsg>),
    // ── end 2
    // ── gap 4: more messages to the manager
    /// To itself: the lease of an attempt has expired.
    Expired(Attempt),
    // ── end 4
}

/// What a worker understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum WorkerMsg {
    /// Graded: do this.
    Assign(Assignment),
    /// Are you there? A worker that does its tasks in its handler answers when it has done the tasks that
    /// it received before.
    Ping(Reply<()>),
    // ── gap 2: more messages to the worker
    /// To itself: ask for work.
    AskForWork,
    // ── end 2
}

/// An attempt at a task, for a worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assignment {
    /// The attempt.
    pub attempt: Attempt,
    /// What to do.
    pub work: Work,
    /// What the job computes.
    pub kind: JobKind,
    /// How the job is slowed down, if it is.
    pub experiment: Option<Experiment>,
    /// The node whose manager waits for the result.
    pub manager: NodeName,
}
