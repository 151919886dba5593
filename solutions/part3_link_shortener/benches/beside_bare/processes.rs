//! The processes that a bench starts. None outlives the bench, however that ends: each watches its
//! standard input, which closes then.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a process may take until it serves.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// How long a process may take to end by itself.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

/// Starts a program, and ends it some day: a shell does that, for programs that do not care about
/// their standard input.
const UNTIL_STDIN_CLOSES: &str = r#""$@" & cat >/dev/null; kill -9 $!; wait"#;

/// A running process. Dropping it ends the process.
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program, and waits until a line of its output contains that word.
    fn start(command: &mut Command, ready: &'static str) -> (Process, String) {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process(command.spawn().unwrap());
        let output = BufReader::new(process.0.stdout.take().unwrap());
        let (said, hears) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if line.contains(ready) {
                    let _ = said.send(line);
                }
            }
        });
        match hears.recv_timeout(READY_WITHIN) {
            Ok(line) => (process, line),
            Err(_) => panic!("this did not become ready: {command:?}"),
        }
    }

    /// Kills it: `kill -9`.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// The most memory that it has had so far, in MB, where that can be seen.
    pub(crate) fn most_memory(&self) -> Option<f64> {
        memory(&self.0.id().to_string(), "VmHWM:")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let begun = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) && begun.elapsed() < ENDS_WITHIN {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A line of what the system says about the memory of a process, in MB.
pub(crate) fn memory(process: &str, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

/// A folder for what the bench writes.
pub(crate) fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// A port that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// The programs among these that are not on the PATH.
pub(crate) fn missing<'a>(programs: &[&'a str]) -> Vec<&'a str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut missing = programs.to_vec();
    missing.retain(|program| {
        !std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    });
    missing
}

/// Starts a Redis server of our own, which writes nothing to disk. Gives its port too.
pub(crate) fn redis() -> (Process, u16) {
    let port = free_port();
    let mut command = Command::new("sh");
    command.args(["-c", UNTIL_STDIN_CLOSES, "sh", "redis-server"]);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--save", "", "--appendonly", "no"]);
    let (process, _) = Process::start(&mut command, "Ready to accept connections");
    (process, port)
}

/// This program again, in another role, which prints `ready` and what more is to be known.
pub(crate) fn role(role: &[&str]) -> (Process, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    Process::start(command.args(role), "ready")
}

/// How a node is started.
pub(crate) struct NodeFlags<'a> {
    pub(crate) name: &'a str,
    pub(crate) directory: SocketAddr,
    pub(crate) http: u16,
    pub(crate) store: u16,
    /// Of the keys in the store. It keeps clusters apart, so it is their cookie too.
    pub(crate) prefix: &'a str,
    pub(crate) connect: Option<&'a str>,
    /// In seconds.
    pub(crate) tick_time: u32,
}

/// Starts a node. What it says goes to a file.
pub(crate) fn node(binary: &str, flags: &NodeFlags<'_>) -> Process {
    let log = scratch().join(format!("{}.log", flags.name));
    let mut command = Command::new(binary);
    command
        .args(["--name", &format!("{}@127.0.0.1", flags.name)])
        .args(["--cookie", &format!("cookie of a bench, {}", flags.prefix)])
        .args(["--directory", &flags.directory.to_string()])
        .args(["--tick-time", &flags.tick_time.to_string()])
        .args(["--http", &flags.http.to_string()])
        .args(["--store", &format!("redis://127.0.0.1:{}", flags.store)])
        .args(["--store-prefix", flags.prefix])
        .arg("--exit-with-stdin")
        .stderr(log_file(&log));
    if let Some(other) = flags.connect {
        command.args(["--connect", &format!("{other}@127.0.0.1")]);
    }
    Process::start(&mut command, "is ready").0
}

fn log_file(path: &Path) -> File {
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}
