//! The guard: the process that is the parent of everything a run starts.
//!
//! A checker that is killed with `kill -9` can clean up nothing, and yet nothing of its cluster
//! may be left behind. So the checker starts no node itself. It starts one guard, which starts
//! the nodes, and which watches the pipe to the checker: when that closes, for whatever reason,
//! the guard kills everything and removes the run's folder.
//!
//! ```text
//! checker ──stdin/stdout──► guard ──► n1  (each in a process group of its own)
//!                                ├──► n2
//!                                └──► redis-server
//! ```
//!
//! - Each child leads a process group, and it is groups that are killed: what a child starts
//!   goes with it. SIGKILL also ends stopped processes.
//! - The guard lives in a group of its own as well, so that Ctrl-C at the terminal ends the
//!   checker, and the guard survives to clean up after it.
//! - What leaves its group (`setsid`) and outlives its parent becomes the guard's own child on
//!   Linux, and is killed at the end. On macOS it would escape.
//! - Should the guard itself be killed, then the children's stdin closes, which nodes take as
//!   the order to exit.
//! - A guard of another kind, one process for the whole of `checker watch`, holds no children: it sets
//!   the terminal back if the checker is killed while it reads keys.
//! - A child that ended is a zombie until the rest of its group is killed, so the number of its
//!   group cannot meanwhile belong to anybody else.

mod client;
mod logs;
mod memory;
mod orphans;
mod process;
mod protocol;
mod terminal;

use std::path::PathBuf;

use crate::trouble::Result;

pub use client::{Child, Guard, Program, all_ended};
pub use logs::{monotonic_micros, times_file, written_lines};
pub use protocol::{Ending, Signal, Stream};
pub use terminal::{TerminalGuard, for_keys};

/// Runs as a guard: of a run, whose folder `removal` is removed at the end, or of a terminal.
///
/// # Errors
/// When it was not started by a checker, or the operating system refuses what it cannot do without.
pub fn main(removal: Option<PathBuf>, terminal: bool) -> Result<()> {
    if terminal {
        terminal::main()
    } else {
        process::main(removal)
    }
}

/// How much memory a child may have, unless told otherwise: 1 GiB resident.
pub const MEMORY_LIMIT: u64 = 1 << 30;

/// How much a child may write to stdout or to stderr, unless told otherwise: 10 MB each.
pub const LOG_LIMIT: u64 = 10_000_000;
