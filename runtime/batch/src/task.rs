//! The tasks of a job: what is to be done, and what comes of it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use runtime::NodeName;
use serde::{Deserialize, Serialize};

use crate::input::Split;

/// The id of a job, forever: no other job may ever have the same id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId(pub String);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JobId {
    /// The id as a piece of a file's name; ids that differ stay different.
    pub(crate) fn as_file_name(&self) -> String {
        let mut name = String::new();
        for byte in self.0.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => name.push(byte.into()),
                other => name.push_str(&format!("_{other:02x}")),
            }
        }
        name
    }
}

/// One of the tasks of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskId {
    /// The map task for the split of this number.
    Map(usize),
    /// The reduce task for the partition of this number.
    Reduce(usize),
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskId::Map(number) => write!(f, "map {number}"),
            TaskId::Reduce(number) => write!(f, "reduce {number}"),
        }
    }
}

/// One attempt at a task. A task may need several, and several may run at the same time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// The task.
    pub task: TaskId,
    /// Tells the attempts at one task apart.
    pub number: u64,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, attempt {}, of job {}",
            self.task, self.number, self.job
        )
    }
}

/// What is to be done in an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Map the records of a split, and leave what is emitted on this node, in partitions.
    Map {
        /// What to read.
        split: Split,
        /// How many partitions there are.
        partitions: usize,
    },
    /// Fetch one partition of each of these outputs, reduce, and write the partition's file.
    Reduce {
        /// The outputs: one of each map task of the job. Each is fetched and counted as often as
        /// it stands here.
        inputs: Vec<MapOutput>,
        /// The folder that the job's output will be in.
        output: PathBuf,
    },
}

/// Where the output of a map task lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MapOutput {
    /// On this node, and on no other.
    pub node: NodeName,
    /// The job that it belongs to,
    pub job: JobId,
    /// the number of the map task,
    pub map: usize,
    /// and the attempt.
    pub attempt: u64,
}

impl MapOutput {
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt {
            job: self.job.clone(),
            task: TaskId::Map(self.map),
            number: self.attempt,
        }
    }
}

/// A reduce task's file, to be committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReduceOutput {
    /// The partition that it holds.
    pub partition: usize,
    /// Its name, for [`OutputFolder::commit`](crate::OutputFolder::commit).
    pub file: String,
}

/// The result of an attempt that succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Product {
    /// Of a map task.
    Map(MapOutput, Counters),
    /// Of a reduce task.
    Reduce(ReduceOutput, Counters),
}

/// The work of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Records that were mapped.
    pub records: u64,
    /// Pairs that were emitted.
    pub emitted: u64,
    /// Bytes that were fetched from this node and others.
    pub fetched: u64,
    /// Keys that were written.
    pub keys: u64,
}

impl std::ops::AddAssign for Counters {
    fn add_assign(&mut self, other: Counters) {
        self.records += other.records;
        self.emitted += other.emitted;
        self.fetched += other.fetched;
        self.keys += other.keys;
    }
}

/// Why an attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskError {
    /// An output of a map task could not be fetched.
    Unfetched {
        /// Which one.
        output: MapOutput,
        /// Why not.
        why: String,
    },
    /// Something else went wrong: a file could not be read or written.
    Failed(String),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::Unfetched { output, why } => {
                let (map, node) = (output.map, output.node.short());
                write!(
                    f,
                    "the output of map {map} could not be fetched from {node}: {why}"
                )
            }
            TaskError::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for TaskError {}

impl From<io::Error> for TaskError {
    fn from(error: io::Error) -> Self {
        TaskError::Failed(error.to_string())
    }
}
