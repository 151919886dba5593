//! Part 2, map reduce: a job that many nodes do together, and that survives their failures.
//!
//! Each node runs a *manager*, which takes jobs and gives out their tasks, and a supervisor that starts
//! *workers* on demand, which do the tasks. All nodes are alike, and only the manager that is given a job
//! has something to do. A third server, `partitions`, keeps the map output of its node, and reduce tasks
//! fetch it from there.
//!
//! These are given: the messages (`protocol.rs`), what a manager knows about a job (`job.rs`), and the package
//! `batch`, which does everything that touches files. You fill the gaps, each with the number of its problem:
//!
//! 1. *Local* (`functions.rs`): the functions of two jobs, which one node tries alone.
//! 2. *Distribute*: the manager starts workers on all nodes and keeps them busy.
//! 3. *Worker failure*: workers crash, and nodes die with all their map output.
//! 4. *Delivery*: messages are lost, or arrive twice, late, and out of order.
//! 5. *Netsplit and stragglers*: nodes cannot reach each other, and one node is paused.
//! 6. *Manager failure* (optional): the manager crashes, and the job continues.
//! 7. *Combiner* (optional): reduce tasks fetch less.
//!
//! Read `functions.rs` for problem 1, and the other files when you come to problem 2. You may add fields,
//! messages, functions and files anywhere, between the markers and outside of them. The text of this part
//! is training/part2.md; `cargo checker hint` shows hints.
//!
//! ```text
//! cargo checker part2
//! ```
// A learner may handle more messages than this solution.
#![allow(clippy::single_match)]

use batch::{JOURNAL, Journal, Local, PARTITIONS, Partitions};
use runtime::{Address, Node, StartError, Supervisor, SupervisorMsg};

pub mod functions;
pub mod job;
pub mod manager;
pub mod protocol;
pub mod worker;

use manager::Manager;
use protocol::{JobKind, LOCAL, MANAGER, WORKERS};
use worker::WORKER;

/// The sources that this program was built from. The checker sets and compares it.
pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

/// Starts part 2 on a node. The supervisor restarts each of these servers when it crashes, and no other.
///
/// # Errors
/// [`StartError`] when a server does not start.
pub async fn start(node: Node) -> Result<Address<SupervisorMsg>, StartError> {
    Supervisor::one_for_one()
        .child::<Partitions>(&PARTITIONS, ())
        .child::<Journal>(&JOURNAL, ())
        .child::<Local<JobKind>>(&LOCAL, ())
        .named_supervisor(&WORKERS, Supervisor::one_for_one().kind(&WORKER))
        .child::<Manager>(&MANAGER, ())
        .start(&node)
        .await
}
