//! A node as a process, and what it says.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use runtime::NodeName;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::Failure;

/// How long a node may take until it is ready.
const READY_TIMEOUT: Duration = Duration::from_secs(20);

/// So much of what a node said last is kept, in bytes, and so many lines of it are shown if things
/// go wrong.
const KEPT: usize = 64 << 10;
const SHOWN_LINES: usize = 5;

/// The process of a node. Should it be dropped, the process is killed.
pub(super) struct NodeProcess {
    pub(super) name: NodeName,
    pub(super) child: Child,
    pub(super) said: Said,
    /// Its end was noticed.
    ended: bool,
}

impl NodeProcess {
    pub(super) fn start(
        name: NodeName,
        mut command: Command,
        scratch: &Path,
    ) -> Result<Self, Failure> {
        // A file, and no pipe: a node that still prints after this process was killed would fail.
        let log = scratch.join(format!("{}.log", name.short()));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            // Ctrl-C at the terminal reaches this process alone, which then ends the nodes in order.
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn();
        Ok(NodeProcess {
            child: child.map_err(|error| format!("{name} cannot be started: {error}."))?,
            name,
            said: Said::new(&log)?,
            ended: false,
        })
    }

    /// Waits until it says that it is ready. What it prints later is discarded.
    pub(super) async fn ready(&mut self) -> Result<(), Failure> {
        let Some(output) = self.child.stdout.take() else {
            return Ok(());
        };
        let mut lines = BufReader::new(output).lines();
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains(" is ready") {
                    return true;
                }
            }
            false
        };
        if !timeout(READY_TIMEOUT, ready).await.unwrap_or(false) {
            return Err(format!("{} did not start.", self.name).into());
        }
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(())
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// How it ended, once, if it did.
    pub(super) fn news(&mut self) -> Result<Option<ExitStatus>, Failure> {
        let status = self.child.try_wait()?;
        let news = status.filter(|_| !self.ended);
        self.ended = status.is_some();
        Ok(news)
    }
}

/// What a node said last on standard error. That two nodes have connected would only disturb here;
/// it is shown if things go wrong.
pub(super) struct Said {
    log: File,
    text: String,
}

impl Said {
    pub(super) fn new(log: &Path) -> io::Result<Self> {
        Ok(Said {
            log: File::open(log)?,
            text: String::new(),
        })
    }

    /// Hears what is new; says whether there is any.
    pub(super) fn hear(&mut self) -> bool {
        let mut new = Vec::new();
        let _ = self.log.read_to_end(&mut new);
        self.text.push_str(&String::from_utf8_lossy(&new));
        let old = self.text.len().saturating_sub(KEPT);
        self.text.drain(..self.text.ceil_char_boundary(old));
        !new.is_empty()
    }

    /// The last lines that are more than information.
    pub(super) fn last(&mut self) -> Vec<&str> {
        self.hear();
        let told = self.text.lines();
        let told = told.filter(|line| !line.trim_start().starts_with("INFO"));
        let mut last: Vec<_> = told.rev().take(SHOWN_LINES).collect();
        last.reverse();
        last
    }

    /// The code not written yet that it came to, if it just did. A worker or a manager that ends so
    /// is not started again, and the job would wait for it forever.
    pub(super) fn not_written(&mut self) -> Option<String> {
        if !self.hear() {
            return None;
        }
        let lines = self.text.split_inclusive('\n');
        let mut whole = lines.filter_map(|line| line.strip_suffix('\n'));
        let what = whole.find_map(|line| line.split_once(": not yet implemented: "));
        what.map(|(_, what)| what.to_owned())
    }
}
