//! The plumbing of batch jobs on a cluster: what a map-reduce needs besides its ideas.
//!
//! After Dean and Ghemawat, *MapReduce: Simplified Data Processing on Large Clusters* (OSDI 2004).
//! Input is cut into [splits](input); a map task reads one of them and leaves what it emits on the
//! node that it ran on, sorted into [partitions]; a reduce task fetches its partition of every map
//! task's output, from the nodes where these lie, and writes one file of the [output].
//!
//! This package does not decide which node does what, or what happens when a node fails. A manager and its
//! workers decide that, and the program that uses this package supplies them. A node can do a job
//! [alone](Local) without them, and a [command](command::run) does one job on a few nodes of this machine.

pub mod command;
mod functions;
mod grouped;
pub mod input;
mod job;
pub mod journal;
mod local;
pub mod output;
pub mod partitions;
mod task;
mod work;

pub use functions::Functions;
pub use grouped::{KeyValues, groups};
pub use input::{Experiment, Input, Split, splits};
pub use job::{JobSpec, JobStatus, Progress, Summary};
pub use journal::{JOURNAL, Journal, JournalMsg};
pub use local::{Local, LocalMsg};
pub use output::OutputFolder;
pub use partitions::{FETCH_TIMEOUT, PARTITIONS, Partitions, PartitionsMsg, Report};
pub use task::{
    Attempt, Counters, JobId, MapOutput, Product, ReduceOutput, TaskError, TaskId, Work,
};
pub use work::perform;
