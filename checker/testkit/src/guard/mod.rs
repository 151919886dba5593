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
//!   Linux, and is killed as soon as it is seen. On macOS it would escape.
//! - Should the guard itself be killed, then the children's stdin closes, which nodes take as
//!   the order to exit. On Linux the checker also looks for what carries the run's mark in its
//!   environment, and kills that.
//! - What a child uses is counted together with all that it started: memory and threads; and what
//!   lies in its folders, or in open files that have no name. A single file that a child writes is limited in size by the operating system.
//! - A guard of another kind, one process for the whole of `checker watch`, holds no children: it sets
//!   the terminal back if the checker is killed while it reads keys.
//! - A child that ended is a zombie until the rest of its group is killed, so the number of its
//!   group cannot meanwhile belong to another process.

mod client;
mod folders;
mod logs;
mod orphans;
mod process;
mod protocol;
mod terminal;
mod tree;

use std::path::PathBuf;

use crate::trouble::{Result, While};

pub use client::{Child, Guard, Program, all_ended};
pub(crate) use logs::write_lines;
pub use logs::{monotonic_micros, times_file, unreadable_logs, written_lines};
pub use protocol::{Ending, Limits, Signal, Stream};
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

/// The program that runs now, to be run as a guard or as a store. On Linux it is found also when a
/// build has put another in its place meanwhile, as `cargo build` beside `checker watch` does.
///
/// # Errors
/// When the system does not know it.
pub fn own_program() -> Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe().or_trouble(|| "find the checker's own program")
}

impl Default for Limits {
    /// What is plenty for a node: 1 GiB of memory, 600 threads (tokio's pool for blocking work
    /// grows to 512), 10 MB on each output, and 512 MiB and 20,000 files in its folders.
    fn default() -> Limits {
        Limits {
            memory: 1 << 30,
            tasks: 600,
            log: 10_000_000,
            disk: 512 << 20,
            files: 20_000,
        }
    }
}
