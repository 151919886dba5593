//! Part 2, map reduce: a job that many nodes do together, and that survives them.
//!
//! On each node runs a *manager*, which takes jobs and hands out their tasks, and a supervisor that
//! starts *workers* on demand, which do them. Only the manager that is given a job has something to
//! do; the nodes are all alike. What map tasks leave on a node is kept there by a third server,
//! `partitions`, from which reduce tasks fetch it.
//!
//! Given are the messages (`protocol.rs`), what a manager knows of a job (`job.rs`), and in the
//! package `batch` all that touches files. Yours are the gaps, each with the number of its problem:
//!
//! 1. *Local*: the functions of two jobs, tried on one node without manager and workers.
//! 2. *Distribute*: the manager starts workers on all nodes and keeps them busy.
//! 3. *Worker failure*: workers crash, and nodes die with all that was finished on them.
//! 4. *Delivery*: messages are lost, come twice, late, and in the wrong order.
//! 5. *Netsplit and stragglers*: nodes that cannot reach each other, and one that stands still.
//! 6. *Manager failure* (optional): the manager crashes, and the job goes on.
//! 7. *Combiner* (optional): less has to be fetched.
//!
//! Your way may need more than that: add fields, messages, functions and files of your own wherever
//! you like, between the markers and outside of them. The text of this part is
//! training/part2.md; `cargo checker hint` shows hints.
//!
//! ```text
//! cargo checker part2
//! ```
// What you have not filled yet is no reason to warn you. An `.await` that you forgot is one.
#![allow(
    dead_code,
    unreachable_code,
    unused_assignments,
    unused_imports,
    unused_mut,
    unused_variables,
    clippy::todo,
    clippy::diverging_sub_expression,
    clippy::match_single_binding,
    clippy::needless_update,
    clippy::single_match
)]

use batch::{JOURNAL, Journal, PARTITIONS, Partitions};
use runtime::{Address, Node, StartError, Supervisor, SupervisorMsg};

pub mod command;
pub mod functions;
pub mod job;
pub mod local;
pub mod manager;
pub mod protocol;
pub mod worker;

use local::{LOCAL, Local};
use manager::Manager;
use protocol::{MANAGER, WORKER, WORKERS};

/// Which sources this program was built from; the checker sets and compares it.
pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

/// Starts part 2 on a node. Each of these is started again when it crashes, and only that one.
///
/// # Errors
/// [`StartError`] when one of them does not start.
pub async fn start(node: Node) -> Result<Address<SupervisorMsg>, StartError> {
    Supervisor::one_for_one()
        .child::<Partitions>(&PARTITIONS, ())
        .child::<Journal>(&JOURNAL, ())
        .child::<Local>(&LOCAL, ())
        .named_supervisor(&WORKERS, Supervisor::one_for_one().kind(&WORKER))
        .child::<Manager>(&MANAGER, ())
        .start(&node)
        .await
}
