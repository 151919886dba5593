//! What can be said to the servers of part 2.
//!
//! The checker says the messages marked *graded*, or looks for them on the network. Leave their
//! names and fields as they are; add messages of your own behind them.

use std::path::PathBuf;
use std::time::Duration;

use batch::{Attempt, Experiment, Input, JobId, Product, TaskError, Work};
use runtime::{Address, ChildKind, NodeName, Reply, ServerName, SupervisorMsg};
use serde::{Deserialize, Serialize};

use crate::worker::Worker;

/// The manager of each node.
pub const MANAGER: ServerName<ManagerMsg> = ServerName::new("manager");

/// The supervisor of each node's workers, which starts more of them with `ctx.start_child`.
pub const WORKERS: ServerName<SupervisorMsg> = ServerName::new("workers");

/// The children that it can start. They are not started again when they crash: whoever asked for
/// one sees it end, and decides.
pub const WORKER: ChildKind<Worker> = ChildKind::new("worker");

/// How long an attempt may take before another one may be begun.
pub const LEASE: Duration = Duration::from_secs(1);

/// A task that has crashed so often is not tried again.
pub const MOST_CRASHES: u32 = 4;

/// How long a worker without work waits before it asks again, should it have to ask.
pub const ASK_AGAIN: Duration = Duration::from_millis(200);

/// What can be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobKind {
    /// Graded: how often each word occurs.
    WordCount,
    /// Graded: in which files each word occurs.
    InvertedIndex,
}

/// A job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobSpec {
    /// What is to be computed.
    pub kind: JobKind,
    /// Of these files.
    pub input: Vec<Input>,
    /// The folder for the result, which is not there yet.
    pub output: PathBuf,
    /// About how many bytes a map task reads.
    pub split_bytes: u64,
    /// How many reduce tasks there are, and files of output.
    pub partitions: usize,
    /// Slows the job down, for experiments.
    pub experiment: Option<Experiment>,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobStatus {
    /// This manager never had such a job.
    Unknown,
    /// It is being done.
    Running(Progress),
    /// It is done, and its output is there.
    Done(Summary),
    /// It cannot be done, for this reason, and there is no output.
    Failed(String),
}

/// How far a job is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Map tasks.
    pub maps: usize,
    /// Map tasks that are done.
    pub maps_done: usize,
    /// Reduce tasks.
    pub reduces: usize,
    /// Reduce tasks that are done.
    pub reduces_done: usize,
}

/// What a job has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Tasks.
    pub tasks: usize,
    /// Attempts at them.
    pub attempts: u64,
    /// What the attempts that count had to do.
    pub work: batch::Counters,
    /// From the beginning until all maps were done, in milliseconds.
    pub map_ms: u64,
    /// From then to the end, in milliseconds.
    pub reduce_ms: u64,
}

/// What a manager understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum ManagerMsg {
    /// Graded: do this job. The answer is its id, at once, or why it cannot be begun.
    Submit(JobSpec, Reply<Result<JobId, String>>),
    /// Graded: how does this job stand?
    Status(JobId, Reply<JobStatus>),
    /// Graded: a worker has done a task.
    Finished {
        /// Which attempt it was.
        attempt: Attempt,
        /// Who made it.
        worker: Address<WorkerMsg>,
        /// What came of it.
        product: Product,
    },
    /// Graded: a worker could not do a task. (It is still there. When it crashes, it says nothing.)
    Failed {
        /// Which attempt it was.
        attempt: Attempt,
        /// Who made it.
        worker: Address<WorkerMsg>,
        /// Why it came to nothing.
        why: TaskError,
    },
    // ── gap 2: more messages to the manager
    /// A worker has nothing to do. It says so when it starts, and every now and then.
    Ready(Address<WorkerMsg>),
    // ── end 2
    // ── gap 4: more messages to the manager
    /// To itself: the time for an attempt is over.
    Expired(Attempt),
    // ── end 4
}

/// What a worker understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum WorkerMsg {
    /// Graded: do this.
    Assign(Assignment),
    /// Are you there? A worker that does its tasks in its handler answers when it is through with
    /// what it was told before.
    Ping(Reply<()>),
    // ── gap 2: more messages to the worker
    /// To itself: ask for work.
    AskForWork,
    // ── end 2
}

/// An attempt at a task that a worker is to make.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assignment {
    /// Which attempt this is.
    pub attempt: Attempt,
    /// What is to be done.
    pub work: Work,
    /// What the job computes.
    pub kind: JobKind,
    /// How the job is slowed down, if it is.
    pub experiment: Option<Experiment>,
    /// The node whose manager is to be told.
    pub manager: NodeName,
}
