//! Part 1, ping pong: every node counts the pings of every other node, whatever breaks.
//!
//! Each node runs a *producer*, which sends numbered pings to the consumers of all connected nodes
//! and of its own, and a *consumer*, which keeps the latest number of each producer.
//!
//! The messages (`protocol.rs`), the two servers and the supervisor that restarts them (below) are
//! given. You fill the gaps in the servers. Each gap has the number of its problem and says what
//! must hold:
//!
//! 1. *Broadcast*: a ping reaches every connected consumer and counts once.
//! 2. *Ask everyone*: one question to all nodes is answered in time, even if some are dead.
//! 3. *Crash*: a restarted consumer recovers its counts.
//! 4. *Netsplit*: nodes that meet, again or for the first time, learn each other's counts.
//! 5. *A crash during the split* (optional): problems 3 and 4 at once. It has no gap of its own: your code for
//!    3 and 4 must hold.
//! 6. *The producer crashes* (optional): a restarted producer continues its count.
//!
//! Your solution may need more: add fields, messages, functions and files wherever you like,
//! between the markers and outside of them. The text of this part is training/part1.md;
//! `cargo checker hint` shows hints.
//!
//! ```text
//! cargo checker part1
//! ```
// The compiler does not warn about gaps that you have not filled. It warns about a missing `.await`.
#![allow(
    dead_code,
    unreachable_code,
    unused_assignments,
    unused_imports,
    unused_mut,
    unused_variables,
    clippy::todo,
    clippy::match_single_binding,
    clippy::single_match
)]

use runtime::{Address, Node, StartError, Supervisor, SupervisorMsg};

pub mod consumer;
pub mod producer;
pub mod protocol;

use consumer::Consumer;
use producer::Producer;
use protocol::{CONSUMER, PRODUCER};

/// The hash of the sources of this program; the checker sets and compares it.
pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

/// Starts part 1 on a node: its producer, its consumer, and a supervisor, which restarts the one
/// that crashes and leaves the other alone.
///
/// # Errors
/// [`StartError`] when one of them does not start.
pub async fn start(node: Node) -> Result<Address<SupervisorMsg>, StartError> {
    Supervisor::one_for_one()
        .child::<Producer>(&PRODUCER, ())
        .child::<Consumer>(&CONSUMER, ())
        .start(&node)
        .await
}
