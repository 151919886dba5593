//! Part 0, A template: a value that is written on one node is soon on all.
//!
//! Each node runs a *register*. A value that a caller writes into one register goes to all others.
//!
//! The messages (`protocol.rs`) and the supervisor that restarts the server (below) are given. You fill
//! the gaps in the server, in `register.rs`. Each gap has the number of its problem and says what must
//! hold:
//!
//! 1. *Write everywhere*: all registers show the newest value, in whatever order the network delivers.
//!
//! The text of this part is training/part0.md; `cargo checker hint` shows hints.
//!
//! ```text
//! cargo checker part0
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

pub mod protocol;
pub mod register;

use protocol::REGISTER;
use register::Register;

/// The hash of the sources of this program; the checker sets and compares it.
pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

/// Starts part 0 on a node: its register, and a supervisor, which restarts the register when it crashes.
///
/// # Errors
/// [`StartError`] when the register does not start.
pub async fn start(node: Node) -> Result<Address<SupervisorMsg>, StartError> {
    Supervisor::one_for_one()
        .child::<Register>(&REGISTER, ())
        .start(&node)
        .await
}
