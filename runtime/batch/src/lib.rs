//! The plumbing of batch jobs on a cluster: what a map-reduce needs besides its ideas.
//!
//! After Dean and Ghemawat, *MapReduce: Simplified Data Processing on Large Clusters* (OSDI 2004).
//! Input is cut into [splits](input); a map task reads one of them and leaves what it emits on the
//! node that it ran on, sorted into [partitions]; a reduce task fetches its partition of every map
//! task's output, from the nodes where these lie, and writes one file of the [output].
//!
//! Which node does what, and what is done when one of them fails, is not decided here. That is the
//! work of a manager and its workers, and they are written by whoever uses this.

mod functions;
mod grouped;
pub mod input;
pub mod journal;
pub mod output;
pub mod partitions;
mod work;

pub use functions::Functions;
pub use grouped::groups;
pub use input::{Experiment, Input, Split, splits};
pub use journal::{JOURNAL, Journal, JournalMsg};
pub use output::OutputFolder;
pub use partitions::{FETCH_WITHIN, PARTITIONS, Partitions, PartitionsMsg, Report};
pub use work::{
    Attempt, Counters, JobId, MapOutput, Product, ReduceOutput, TaskError, TaskId, Work, perform,
};
