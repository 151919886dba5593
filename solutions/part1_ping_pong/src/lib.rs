//! Part 1, ping pong: every node counts the pings of every other node, whatever breaks.
//!
//! On each node runs a *producer*, which sends numbered pings to the consumers of all connected
//! nodes, its own included, and a *consumer*, which keeps the latest number of each producer.
//!
//! Given are the messages (`protocol.rs`), the two servers and the supervisor that restarts them
//! (below). Yours are the gaps in the servers; each says what must hold when it is filled, and has
//! the number of its problem:
//!
//! 1. *Broadcast*: a ping reaches every connected consumer and counts once.
//! 2. *Ask everyone*: one question to all nodes, answered in time though some of them are dead.
//! 3. *Crash*: a consumer that was restarted knows again what it knew.
//! 4. *Netsplit*: nodes that meet, again or for the first time, know each other's counts.
//! 5. *A crash during the split* (optional): both at once. There is no new place for it: what you
//!    wrote for 3 and 4 holds, or it does not.
//! 6. *The producer crashes* (optional): a producer that was restarted goes on counting where it
//!    was.
//!
//! Your way may need more than that: add fields, messages, functions and files of your own wherever
//! you like, between the markers and outside of them. The text of this part is
//! training/part1.md; `cargo checker hint` shows hints.
//!
//! ```text
//! cargo checker part1
//! ```
// What is given leaves room that this solution has no use for.
#![allow(unused_variables, clippy::single_match)]

use runtime::{Address, Node, StartError, Supervisor, SupervisorMsg};

pub mod consumer;
pub mod producer;
pub mod protocol;

use consumer::Consumer;
use producer::Producer;
use protocol::{CONSUMER, PRODUCER};

/// Which sources this program was built from; the checker sets and compares it.
pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

/// Starts part 1 on a node: its producer, its consumer, and the supervisor that restarts either
/// of them, and only that one, when it crashes.
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
