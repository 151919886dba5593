//! Walls around submissions, by bubblewrap.
//!
//! What is handed in is built and run with the rights of the person who grades it. Where bubblewrap
//! (`bwrap`, <https://github.com/containers/bubblewrap>) is installed and may make namespaces, it
//! runs in a world of its own: it sees no process but its own, none of the grader's files, and not
//! the course's solutions, and it ends with the guard. Before all that, the checker itself has moved
//! into a `network` that it shares with nobody but what it starts.
//!
//! - A node reads the operating system's libraries and its own program, and writes to its scratch
//!   folder, to which `TMPDIR` leads as well. Part 2 adds the folder that its nodes share.
//! - A build reads the Rust toolchain, downloaded packages, and of the course what a submission is
//!   made of; it writes to its own slot, and has no network.
//! - Paths are the same inside and outside, since scenarios name files to nodes.

mod network;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use crate::trouble::{Result, Trouble};
pub use network::enter_and_try_bubblewrap;

/// The program, looked for on the `PATH`.
const BWRAP: &str = "bwrap";

/// Where the operating system keeps programs and libraries, besides `/usr`; on most systems, links
/// into it.
const SYSTEM: &[&str] = &[
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
];

/// What a linker and a loader look up.
const LOOKED_UP: &[&str] = &[
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
];

/// How the warning begins that a submission was not walled in.
pub const NOT_ISOLATED: &str = "NOT ISOLATED";

/// Whether submissions can be walled in on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Isolation {
    /// By bubblewrap, in a network that nothing else is in.
    Bubblewrap,
    /// By bubblewrap, but in the network of the machine, and why.
    SharedNetwork(String),
    /// Not at all, because the machine has none, and why.
    None(String),
    /// Not at all, because nobody wants it.
    Off,
}

/// Whether submissions are to be walled in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IsolationChoice {
    /// Where bubblewrap is installed and works.
    #[default]
    Auto,
    /// Yes, or nothing is graded.
    Required,
    /// No.
    Off,
}

impl FromStr for IsolationChoice {
    type Err = String;

    fn from_str(word: &str) -> std::result::Result<Self, String> {
        match word {
            "auto" => Ok(IsolationChoice::Auto),
            "required" => Ok(IsolationChoice::Required),
            "off" => Ok(IsolationChoice::Off),
            _ => Err("expected auto, required or off".into()),
        }
    }
}

impl IsolationChoice {
    /// Finds out what it comes to on this machine, and moves this process into a network of its own if
    /// that is part of it. To be called before any thread is started, as all threads must move.
    ///
    /// # Errors
    /// When it is required, and there is none.
    pub fn settle(self) -> Result<Isolation> {
        if self == IsolationChoice::Off {
            return Ok(Isolation::Off);
        }
        let found = match Isolation::find() {
            Isolation::Bubblewrap => match network::try_out() {
                Ok(()) => {
                    network::enter()?;
                    Isolation::Bubblewrap
                }
                Err(why) => Isolation::SharedNetwork(why),
            },
            found => found,
        };
        match (self, found) {
            (IsolationChoice::Required, Isolation::None(why) | Isolation::SharedNetwork(why)) => {
                Err(Trouble::new(format!(
                    "could not isolate the submission, as --isolation required demands: {why}"
                )))
            }
            (_, found) => Ok(found),
        }
    }
}

impl Isolation {
    /// Looks for bubblewrap, and tries it. About the network, this says nothing.
    pub fn find() -> Isolation {
        let tried = Command::new(BWRAP)
            .args(namespaces().iter().chain(&system()))
            .args(["--", "/bin/sh", "-c", "exit 0"])
            .stdin(Stdio::null())
            .output();
        match tried {
            Ok(output) if output.status.success() => Isolation::Bubblewrap,
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let said = said
                    .trim()
                    .lines()
                    .next()
                    .unwrap_or("it printed no error")
                    .to_owned();
                Isolation::None(format!(
                    "bubblewrap is installed, but does not work here: {said}"
                ))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Isolation::None("bubblewrap (`bwrap`) is not installed".to_owned())
            }
            Err(error) => Isolation::None(format!("bubblewrap does not start: {error}")),
        }
    }

    /// What a program that reads verdicts is told: `bubblewrap`, `shared_network` or `none`.
    pub fn word(&self) -> &'static str {
        match self {
            Isolation::Bubblewrap => "bubblewrap",
            Isolation::SharedNetwork(_) => "shared_network",
            Isolation::None(_) | Isolation::Off => "none",
        }
    }

    /// The warning that belongs into every report of code which ran without walls.
    pub fn warning(&self) -> Option<String> {
        let why = match self {
            Isolation::Bubblewrap => return None,
            Isolation::SharedNetwork(why) => {
                return Some(format!(
                    "{NOT_ISOLATED}: this submission ran in the network of the machine, and could reach the \
                     internet, the machine's services and other gradings: {why}. Do not trust its points."
                ));
            }
            Isolation::None(why) => why.as_str(),
            Isolation::Off => "--isolation off was given",
        };
        Some(format!(
            "{NOT_ISOLATED}: this submission ran with your rights, and could read and change your files, \
             the course's solutions and other submissions: {why}. Do not trust its points."
        ))
    }

    /// A sandbox for nodes, if there are any: all that they have in common. It hides `course`.
    pub fn nodes(&self, course: &Path) -> Option<Sandbox> {
        self.sandbox(|sandbox| sandbox.hide(course))
    }

    /// A sandbox for cargo. `readable` are files and folders that it needs, and `writable` is the
    /// only folder that it changes.
    pub fn build(&self, readable: &[PathBuf], writable: &Path) -> Option<Sandbox> {
        self.sandbox(|mut sandbox| {
            sandbox = sandbox.option("--unshare-net");
            for path in readable {
                sandbox = sandbox.read(path);
            }
            sandbox.write(writable)
        })
    }

    fn sandbox(&self, fill: impl FnOnce(Sandbox) -> Sandbox) -> Option<Sandbox> {
        match self {
            Isolation::Bubblewrap | Isolation::SharedNetwork(_) => Some(fill(Sandbox {
                args: Arc::from(namespaces().into_iter().chain(system()).collect::<Vec<_>>()),
                hidden: None,
            })),
            Isolation::None(_) | Isolation::Off => None,
        }
    }
}

/// What a program that runs in a sandbox may see, as arguments of bubblewrap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    args: Arc<[OsString]>,
    /// What it sees as an empty folder.
    hidden: Option<PathBuf>,
}

impl Sandbox {
    /// Lets it read a file or folder, if it is there.
    pub fn read(self, path: &Path) -> Sandbox {
        self.bind("--ro-bind-try", path)
    }

    /// Lets it read and write a folder.
    pub fn write(self, path: &Path) -> Sandbox {
        self.bind("--bind", path)
    }

    /// Puts an empty folder that cannot be written in the place of one that it could see
    /// otherwise. What it may see in that folder nevertheless is bound afterwards.
    fn hide(mut self, path: &Path) -> Sandbox {
        self.hidden = Some(path.to_owned());
        self.with(["--tmpfs".into(), path.as_os_str().to_owned()])
    }

    fn bind(self, option: &str, path: &Path) -> Sandbox {
        let path = path.as_os_str().to_owned();
        self.with([option.into(), path.clone(), path])
    }

    fn option(self, option: &str) -> Sandbox {
        self.with([option.into()])
    }

    fn with(self, more: impl IntoIterator<Item = OsString>) -> Sandbox {
        let args = self.args.iter().cloned().chain(more).collect::<Vec<_>>();
        Sandbox {
            args: args.into(),
            ..self
        }
    }

    /// The command that runs a program in this sandbox: bubblewrap, its arguments, and nothing
    /// in its own environment, for the program's is among the arguments.
    pub fn around(
        self,
        program: &Path,
        args: Vec<OsString>,
        env: Vec<(OsString, OsString)>,
        cwd: &Path,
    ) -> (PathBuf, Vec<OsString>) {
        let mut all: Vec<OsString> = self.args.to_vec();
        all.extend(["--remount-ro", "/", "--remount-ro", "/dev"].map(Into::into));
        if let Some(hidden) = &self.hidden {
            all.extend(["--remount-ro".into(), hidden.into()]);
        }
        all.extend(["--chdir".into(), cwd.into(), "--clearenv".into()]);
        let path = ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into());
        for (name, value) in std::iter::once(path).chain(env) {
            all.extend(["--setenv".into(), name, value]);
        }
        all.extend(["--".into(), program.into()]);
        all.extend(args);
        (BWRAP.into(), all)
    }
}

/// Own users, processes, and so on, that end with the process which started them. The new user is
/// not root, and has no rights over anything but its own.
fn namespaces() -> Vec<OsString> {
    let options = [
        "--unshare-user",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--hostname",
        "localhost",
        "--cap-drop",
        "ALL",
        "--die-with-parent",
    ];
    let nested = disables_nested().then_some("--disable-userns");
    options.into_iter().chain(nested).map(Into::into).collect()
}

/// Whether this bubblewrap can forbid further user namespaces inside, from 0.8.0 on. In one of its own, a
/// program could mount file systems in memory, which no limit counts.
fn disables_nested() -> bool {
    static ABLE: OnceLock<bool> = OnceLock::new();
    *ABLE.get_or_init(|| {
        let tried = Command::new(BWRAP)
            .args(["--unshare-user", "--disable-userns"])
            .args(system())
            .args(["--", "/bin/sh", "-c", "exit 0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    })
}

/// The operating system, to read.
fn system() -> Vec<OsString> {
    let mut args: Vec<OsString> = ["--ro-bind", "/usr", "/usr"].map(Into::into).to_vec();
    for folder in SYSTEM {
        match std::fs::read_link(folder) {
            Ok(target) => args.extend(["--symlink".into(), target.into(), OsString::from(folder)]),
            Err(_) => args.extend(["--ro-bind-try", folder, folder].map(Into::into)),
        }
    }
    for path in LOOKED_UP {
        args.extend(["--ro-bind-try", path, path].map(Into::into));
    }
    args.extend(["--proc", "/proc", "--dev", "/dev"].map(Into::into));
    args
}
