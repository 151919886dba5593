//! A job, and its status.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::input::{Experiment, Input};
use crate::task::Counters;

/// A job; `K` says what it computes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobSpec<K> {
    /// What to compute.
    pub kind: K,
    /// The files to read.
    pub input: Vec<Input>,
    /// The folder for the result. It must not exist yet.
    pub output: PathBuf,
    /// About how many bytes a map task reads.
    pub split_bytes: u64,
    /// The number of reduce tasks, and of files in the output.
    pub partitions: usize,
    /// Slows the job down, for experiments.
    pub experiment: Option<Experiment>,
}

/// The status of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobStatus {
    /// This manager never had such a job.
    Unknown,
    /// The job is running.
    Running(Progress),
    /// The job is done, and its output is there.
    Done(Summary),
    /// The job failed for this reason, and there is no output.
    Failed(String),
}

/// The progress of a job.
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

/// What a job cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Tasks.
    pub tasks: usize,
    /// Attempts at them.
    pub attempts: u64,
    /// The work of the attempts that count.
    pub work: Counters,
    /// From the beginning until all map tasks were done, in milliseconds.
    pub map_ms: u64,
    /// From then to the end, in milliseconds.
    pub reduce_ms: u64,
}
