//! What checker and guard say to each other: one JSON value a line.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the checker asks of the guard.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// Start a program; the checker has chosen the child's number.
    Spawn { child: u64, spawn: Box<Spawn> },
    /// Signal a child. Answered under the request's own number.
    Signal {
        request: u64,
        child: u64,
        signal: Signal,
    },
}

/// A program to start.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Spawn {
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    /// Added to the guard's own environment, which is the checker's.
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) cwd: PathBuf,
    pub(super) stdout: PathBuf,
    pub(super) stderr: PathBuf,
    /// Written to its stdin at once; the pipe then stays open as long as the guard lives.
    pub(super) input: String,
    /// Which lines are reported; the others only go to the file.
    pub(super) reported: Reported,
    /// Whether the program is bubblewrap, which runs the real one in namespaces of its own.
    pub(super) sandboxed: bool,
    /// The folders that it may fill up to its limit; what it writes elsewhere is not looked at.
    pub(super) folders: Vec<PathBuf>,
    pub(super) limits: Limits,
}

/// Which lines of a child are reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reported {
    /// None.
    Nothing,
    /// The first few lines of stdout that begin so.
    Announcements(String),
    /// Every line of both outputs.
    Everything,
}

/// How much a child may use, together with all that it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Resident memory, in bytes.
    pub memory: u64,
    /// Threads, of all its processes.
    pub tasks: u64,
    /// What it may write to each of its two outputs, in bytes.
    pub log: u64,
    /// What its folders may hold together with its open files that have no name, in bytes.
    pub disk: u64,
    /// How many files and folders may be in them.
    pub files: u64,
}

/// What the guard reports.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Event {
    Spawned {
        child: u64,
        pid: i32,
    },
    NotSpawned {
        child: u64,
        why: String,
        /// The machine had no room for another process.
        no_room: bool,
    },
    Line {
        child: u64,
        stream: Stream,
        line: String,
    },
    Signaled {
        request: u64,
        error: Option<String>,
    },
    /// All threads of the child are stopped.
    Stopped {
        child: u64,
    },
    Exited {
        child: u64,
        ending: Ending,
        peak_memory: u64,
    },
}

/// What can be done to a child from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signal {
    /// Ends it at once, whatever it does.
    Kill,
    /// Asks it to end.
    Terminate,
    /// Pauses it until it is resumed.
    Stop,
    /// Lets it run on.
    Continue,
}

/// Which of its two outputs a child wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        })
    }
}

/// How a child came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// It exited with this code.
    Code(i32),
    /// It was ended by this signal, by the checker's own hand (9 after a kill) or otherwise.
    Signal(i32),
    /// The guard killed it: it held more memory than it may.
    OverMemory {
        /// What it held, in bytes.
        held: u64,
        /// What it may hold, in bytes.
        limit: u64,
    },
    /// The guard killed it: with all that it started, it ran more threads than it may.
    OverTasks {
        /// What it ran.
        seen: u64,
        /// What it may run.
        limit: u64,
    },
    /// The guard killed it: its folders, and its files without a name, held more than they may.
    OverDisk {
        /// What they may hold, in bytes.
        limit: u64,
    },
    /// The guard killed it: its folders held more files than they may.
    OverFiles {
        /// How many they may hold.
        limit: u64,
    },
    /// The guard killed it: it wrote more than it may.
    Flooded {
        /// Where to.
        stream: Stream,
        /// What it may write, in bytes.
        limit: u64,
    },
    /// The guard is gone, and with it the knowledge of its children.
    GuardLost,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Code(0) => f.write_str("exited by itself, without an error (exit code 0)"),
            Ending::Code(101) => f.write_str("panicked in its main thread (exit code 101)"),
            Ending::Code(code) => write!(f, "exited by itself with exit code {code}"),
            Ending::Signal(9) => f.write_str("was killed (SIGKILL)"),
            Ending::Signal(6) => f.write_str("aborted itself (SIGABRT)"),
            Ending::Signal(11) => f.write_str("crashed with a segmentation fault (SIGSEGV)"),
            Ending::Signal(15) => f.write_str("was told to end (SIGTERM)"),
            Ending::Signal(number) => write!(f, "was ended by signal {number}"),
            Ending::OverMemory { held, limit } => {
                write!(
                    f,
                    "grew to {} MB of memory, and was killed at the limit of {} MB",
                    held >> 20,
                    limit >> 20
                )
            }
            Ending::OverTasks { seen, limit } => write!(
                f,
                "ran {seen} threads at once, including those of its processes, and was killed at the limit of {limit}"
            ),
            Ending::OverDisk { limit } => write!(
                f,
                "wrote over {} MB to its folder, including files that it deleted but holds open, and was killed for it",
                limit >> 20
            ),
            Ending::OverFiles { limit } => write!(
                f,
                "had over {limit} files in its folder, and was killed for it"
            ),
            Ending::Flooded { stream, limit } if *limit >= 1_000_000 => {
                write!(
                    f,
                    "wrote over {} MB to {stream}, and was killed for it",
                    limit / 1_000_000
                )
            }
            Ending::Flooded { stream, limit } => {
                write!(
                    f,
                    "wrote over {limit} bytes to {stream}, and was killed for it"
                )
            }
            Ending::GuardLost => f.write_str("was lost together with the guard process"),
        }
    }
}
