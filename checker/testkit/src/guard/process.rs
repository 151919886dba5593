//! The guard's own side: starts children, watches them, and ends them all.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::folders;
use super::logs::{monotonic_micros, times_file};
use super::protocol::{Ending, Event, Limits, Reported, Request, Signal, Spawn, Stream};
use super::{orphans, tree};
use crate::trouble::{Result, Trouble, While};

/// How long the exit of a child is held back so that the last it wrote is in its files.
/// Only a process that left the child's group can make it take that long.
const DRAIN: Duration = Duration::from_millis(250);

/// How many announcements of a child are reported.
const ANNOUNCEMENTS: usize = 16;

/// The longest line that is reported whole, in bytes. A message of the compiler with all that
/// belongs to it can be long.
const MAX_LINE: usize = 1 << 20;

/// The largest file that a child may write, in bytes.
const MAX_FILE: u64 = 2 << 30;

/// How long a child in a sandbox may take to pause.
const STOPPING: Duration = Duration::from_secs(10);

/// Runs the guard until its stdin closes, then kills everything and removes `removal`.
///
/// # Errors
/// When stdin and stdout are not the pipes that a checker hands over, or the operating system
/// refuses what the guard cannot do without.
pub(super) fn main(removal: Option<PathBuf>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .or_trouble(|| "start the guard")?;
    runtime.block_on(guard(removal.as_deref()))
}

async fn guard(removal: Option<&Path>) -> Result<()> {
    let mut requests =
        BufReader::new(reader(std::io::stdin().as_fd()).or_trouble(|| "read from the checker")?);
    orphans::adopt();
    limit_files();
    let (events, outgoing) = unbounded_channel();
    tokio::spawn(report(
        writer(std::io::stdout().as_fd()).or_trouble(|| "write to the checker")?,
        outgoing,
    ));

    let (floods, mut flooded) = unbounded_channel();
    let mut children = Children {
        living: BTreeMap::new(),
        events,
        floods,
    };
    let mut child_changed = signal(SignalKind::child()).or_trouble(|| "wait for children")?;
    let mut terminated = signal(SignalKind::terminate()).or_trouble(|| "wait for SIGTERM")?;
    let mut interrupted = signal(SignalKind::interrupt()).or_trouble(|| "wait for SIGINT")?;
    let mut hung_up = signal(SignalKind::hangup()).or_trouble(|| "wait for SIGHUP")?;
    let mut look = interval(tree::PERIOD);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut look_at_folders = interval(folders::PERIOD);
    look_at_folders.set_missed_tick_behavior(MissedTickBehavior::Delay);

    let mut line = Vec::new();
    loop {
        tokio::select! {
            biased;
            read = requests.read_until(b'\n', &mut line) => {
                if read.unwrap_or(0) == 0 {
                    break;
                }
                // A sender of anything else is no checker, and nothing must outlive it.
                let Ok(request) = serde_json::from_slice(&line) else { break };
                line.clear();
                children.handle(request);
            }
            _ = child_changed.recv() => children.look_after(),
            Some((child, stream)) = flooded.recv() => children.punish_flood(child, stream),
            // The signal may be missed when several children end at once on some systems, and
            // looking costs little: so both are done here.
            _ = look.tick() => {
                children.weigh();
                children.look_after();
                orphans::end_strays(&children.groups());
            }
            _ = look_at_folders.tick() => children.look_at_folders(),
            _ = terminated.recv() => break,
            _ = interrupted.recv() => break,
            _ = hung_up.recv() => break,
        }
    }

    children.end_all();
    orphans::end_all();
    if let Some(folder) = removal {
        let _ = std::fs::remove_dir_all(folder);
    }
    Ok(())
}

/// The children inherit it. A dump of their memory helps nobody here.
fn limit_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    for (resource, most) in [(Resource::Fsize, MAX_FILE), (Resource::Core, 0)] {
        let mut limit = getrlimit(resource);
        limit.current = Some(limit.current.map_or(most, |present| present.min(most)));
        limit.maximum = limit.current;
        // Where the system refuses, all else still holds.
        let _ = setrlimit(resource, limit);
    }
}

/// Everything that was started and has not yet been buried.
struct Children {
    living: BTreeMap<u64, Living>,
    events: UnboundedSender<Event>,
    floods: UnboundedSender<(u64, Stream)>,
}

struct Living {
    process: std::process::Child,
    group: Pid,
    outputs: JoinSet<()>,
    sandboxed: bool,
    folders: Vec<PathBuf>,
    limits: Limits,
    peak_memory: u64,
    /// Why the guard itself killed it, if it did.
    sentence: Option<Ending>,
    /// The write end of its stdin, which closes when the guard ends.
    _stdin: Option<std::process::ChildStdin>,
}

impl Children {
    fn handle(&mut self, request: Request) {
        match request {
            Request::Spawn { child, spawn } => match self.spawn(child, &spawn) {
                Ok(pid) => self.report(Event::Spawned { child, pid }),
                Err((trouble, no_room)) => self.report(Event::NotSpawned {
                    child,
                    why: trouble.to_string(),
                    no_room,
                }),
            },
            Request::Signal {
                request,
                child,
                signal,
            } => {
                let error = match self.living.get(&child) {
                    Some(living) => living.signal(signal).err().map(|error| error.to_string()),
                    None => Some("it has ended".to_owned()),
                };
                if error.is_none() && signal == Signal::Stop {
                    self.see_inner_stop(child);
                }
                self.report(Event::Signaled { request, error });
            }
        }
    }

    /// A process that is not our own child does not tell us that it is paused: so the guard looks.
    fn see_inner_stop(&self, child: u64) {
        let Some(inner) = self.living.get(&child).and_then(Living::inner) else {
            return;
        };
        let events = self.events.clone();
        tokio::spawn(async move {
            let _ = timeout(STOPPING, async {
                while !inner_is_stopped(inner) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                let _ = events.send(Event::Stopped { child });
            })
            .await;
        });
    }

    /// Starts a child. With the error stands whether the machine had no room for it.
    fn spawn(&mut self, child: u64, spawn: &Spawn) -> std::result::Result<i32, (Trouble, bool)> {
        let mut command = Command::new(&spawn.program);
        command
            .args(&spawn.args)
            .envs(spawn.env.iter().map(|(name, value)| (name, value)))
            .current_dir(&spawn.cwd)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if spawn.sandboxed {
            // Inside, the environment of bubblewrap can be read, and that of the checker may hold secrets.
            command.env_clear();
            let kept = ["PATH", orphans::MARK].into_iter();
            command.envs(kept.filter_map(|name| Some((name, std::env::var_os(name)?))));
        }
        let process = command.spawn().map_err(|error| {
            use std::io::ErrorKind::{OutOfMemory, WouldBlock};
            let no_room = matches!(error.kind(), WouldBlock | OutOfMemory);
            let started = Err::<(), _>(error);
            let trouble = started.or_trouble(|| format!("start {}", spawn.program.display()));
            (
                trouble
                    .err()
                    .unwrap_or_else(|| Trouble::new("could not start it")),
                no_room,
            )
        })?;
        self.look_after_new(child, spawn, process)
            .map_err(|trouble| (trouble, false))
    }

    fn look_after_new(
        &mut self,
        child: u64,
        spawn: &Spawn,
        mut process: std::process::Child,
    ) -> Result<i32> {
        let stdout = log_file(&spawn.stdout)?;
        let stderr = log_file(&spawn.stderr)?;
        let times_of_stdout = log_file(&times_file(&spawn.stdout))?;
        let times_of_stderr = log_file(&times_file(&spawn.stderr))?;
        let group = Pid::from_child(&process);
        let mut stdin = process.stdin.take();
        if let Some(stdin) = &mut stdin {
            // Far less than a pipe holds, so that this waits for nobody.
            let _ = stdin.write_all(spawn.input.as_bytes());
        }
        let from_stdout = process.stdout.take().map(OwnedFd::from);
        let from_stderr = process.stderr.take().map(OwnedFd::from);
        // From here on the child is in the table, whatever else goes wrong.
        let living = self.living.entry(child).insert_entry(Living {
            process,
            group,
            outputs: JoinSet::new(),
            sandboxed: spawn.sandboxed,
            folders: spawn.folders.clone(),
            limits: spawn.limits,
            peak_memory: 0,
            sentence: None,
            _stdin: stdin,
        });
        let outputs = &mut living.into_mut().outputs;
        for (stream, pipe, file, times) in [
            (Stream::Stdout, from_stdout, stdout, times_of_stdout),
            (Stream::Stderr, from_stderr, stderr, times_of_stderr),
        ] {
            let reporter = Reporter::of(&spawn.reported, child, stream, &self.events);
            let Some(pipe) = pipe else { continue };
            let pipe = pipe::Receiver::from_owned_fd(pipe)
                .or_trouble(|| format!("read the child's {stream}"))?;
            let flood = self.floods.clone();
            let limit = spawn.limits.log;
            outputs.spawn(async move {
                copy(pipe, file, times, limit, reporter, || {
                    let _ = flood.send((child, stream));
                })
                .await;
            });
        }
        Ok(group.as_raw_nonzero().get())
    }

    /// Notices children that stopped or ended.
    fn look_after(&mut self) {
        let mut ended = Vec::new();
        for (&child, living) in &self.living {
            let look = |options| {
                waitid(WaitId::Pid(living.group), options | WaitIdOptions::NOHANG)
                    .ok()
                    .flatten()
            };
            if look(WaitIdOptions::STOPPED).is_some_and(|status| status.stopped()) {
                let _ = self.events.send(Event::Stopped { child });
            }
            // NOWAIT leaves the child a zombie, so that its group's number stays taken until the
            // rest of the group is killed.
            if look(WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).is_some() {
                ended.push(child);
            }
        }
        for child in ended {
            let Some(mut living) = self.living.remove(&child) else {
                continue;
            };
            let _ = kill_process_group(living.group, rustix::process::Signal::KILL);
            let status = living.process.wait();
            let events = self.events.clone();
            tokio::spawn(async move {
                let _ = timeout(DRAIN, async {
                    while living.outputs.join_next().await.is_some() {}
                })
                .await;
                let ending = living
                    .sentence
                    .take()
                    .unwrap_or_else(|| ending(status.ok(), living.sandboxed));
                let _ = events.send(Event::Exited {
                    child,
                    ending,
                    peak_memory: living.peak_memory,
                });
            });
        }
    }

    /// Sees what every child that has folders keeps on the disk, and kills those that wrote too much.
    fn look_at_folders(&mut self) {
        for living in self.living.values_mut() {
            if living.folders.is_empty() {
                continue;
            }
            let nameless = folders::nameless(living.group.as_raw_nonzero().get());
            if let Some(excess) = folders::excess(&living.folders, nameless, living.limits) {
                living.condemn(excess);
            }
        }
    }

    /// Sees what every child uses, and kills those that use too much.
    fn weigh(&mut self) {
        let usage = tree::usage(&self.groups());
        for living in self.living.values_mut() {
            let Some(used) = usage.get(&living.group.as_raw_nonzero().get()) else {
                continue;
            };
            living.peak_memory = living.peak_memory.max(used.memory);
            if used.memory > living.limits.memory {
                living.condemn(Ending::OverMemory {
                    held: used.memory,
                    limit: living.limits.memory,
                });
            } else if used.tasks > living.limits.tasks {
                living.condemn(Ending::OverTasks {
                    seen: used.tasks,
                    limit: living.limits.tasks,
                });
            }
        }
    }

    /// The process ids of all children, which are also the numbers of their groups.
    fn groups(&self) -> Vec<i32> {
        self.living
            .values()
            .map(|living| living.group.as_raw_nonzero().get())
            .collect()
    }

    fn punish_flood(&mut self, child: u64, stream: Stream) {
        if let Some(living) = self.living.get_mut(&child) {
            let limit = living.limits.log;
            living.condemn(Ending::Flooded { stream, limit });
        }
    }

    fn end_all(&mut self) {
        for living in self.living.values() {
            let _ = kill_process_group(living.group, rustix::process::Signal::KILL);
        }
        for living in self.living.values_mut() {
            let _ = living.process.wait();
        }
    }

    fn report(&self, event: Event) {
        let _ = self.events.send(event);
    }
}

impl Living {
    /// Signals the child. Its whole group is killed, but only itself is stopped: a parent that
    /// waits for its child to begin another program (`vfork`) cannot stop before that has, and
    /// would never, were the child stopped first. Of a sandbox it is the program inside.
    fn signal(&self, signal: Signal) -> rustix::io::Result<()> {
        use rustix::process::Signal as Number;
        let itself = || self.inner().unwrap_or(self.group);
        match signal {
            Signal::Kill => kill_process_group(self.group, Number::KILL),
            Signal::Terminate if self.sandboxed => kill_process(itself(), Number::TERM),
            Signal::Terminate => kill_process_group(self.group, Number::TERM),
            Signal::Stop => kill_process(itself(), Number::STOP),
            Signal::Continue => kill_process(itself(), Number::CONT),
        }
    }

    /// The program that runs inside of a sandbox. Bubblewrap starts a process that is the first of
    /// its own world, and that one starts the program, before anything else can be its child.
    fn inner(&self) -> Option<Pid> {
        if !self.sandboxed {
            return None;
        }
        #[cfg(target_os = "linux")]
        {
            let first = *tree::children_of(self.group.as_raw_nonzero().get()).first()?;
            Pid::from_raw(*tree::children_of(first).first()?)
        }
        #[cfg(not(target_os = "linux"))]
        None
    }

    fn condemn(&mut self, ending: Ending) {
        if self.sentence.is_none() {
            self.sentence = Some(ending);
            let _ = kill_process_group(self.group, rustix::process::Signal::KILL);
        }
    }
}

fn inner_is_stopped(inner: Pid) -> bool {
    #[cfg(target_os = "linux")]
    return tree::is_stopped(inner.as_raw_nonzero().get());
    #[cfg(not(target_os = "linux"))]
    {
        let _ = inner;
        true
    }
}

/// Picks the lines that the checker waits for.
struct Reporter {
    /// How they begin.
    prefix: String,
    /// How many more are reported.
    left: usize,
    line: Vec<u8>,
    child: u64,
    stream: Stream,
    events: UnboundedSender<Event>,
}

impl Reporter {
    fn of(
        reported: &Reported,
        child: u64,
        stream: Stream,
        events: &UnboundedSender<Event>,
    ) -> Option<Reporter> {
        let (prefix, left) = match (reported, stream) {
            (Reported::Everything, _) => (String::new(), usize::MAX),
            (Reported::Announcements(prefix), Stream::Stdout) => (prefix.clone(), ANNOUNCEMENTS),
            (Reported::Announcements(_), Stream::Stderr) | (Reported::Nothing, _) => return None,
        };
        Some(Reporter {
            prefix,
            left,
            line: Vec::new(),
            child,
            stream,
            events: events.clone(),
        })
    }

    fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            // Cargo goes back to a line's beginning to tell how far it is.
            let ends = byte == b'\n' || (byte == b'\r' && self.prefix.is_empty());
            if !ends {
                if self.line.len() < MAX_LINE {
                    self.line.push(byte);
                }
                continue;
            }
            let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
            self.line.clear();
            if self.left > 0 && line.starts_with(&self.prefix) {
                self.left -= 1;
                let _ = self.events.send(Event::Line {
                    child: self.child,
                    stream: self.stream,
                    line,
                });
            }
        }
    }
}

/// Copies what a child writes into its file until it closes the pipe. Beyond the limit it still
/// reads, so that nothing blocks, but writes no more.
/// Beside each log stands when each piece of it came: a line a piece, with the time and the
/// log's length after it.
async fn copy(
    mut pipe: pipe::Receiver,
    mut file: File,
    mut times: File,
    limit: u64,
    mut reporter: Option<Reporter>,
    flooded: impl Fn(),
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut left = limit;
    let mut length = file.metadata().map_or(0, |file| file.len());
    loop {
        let read = match pipe.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(read) => read,
        };
        if left == 0 {
            continue;
        }
        let kept = usize::try_from(left).unwrap_or(usize::MAX).min(read);
        // A full disk must not end the guard; the run's folder may also be gone already.
        let _ = file.write_all(&buffer[..kept]);
        length += kept as u64;
        let _ = writeln!(times, "{} {length}", monotonic_micros());
        if let Some(reporter) = &mut reporter {
            reporter.read(&buffer[..kept]);
        }
        left -= kept as u64;
        if left == 0 {
            flooded();
        }
    }
}

async fn report(mut to: pipe::Sender, mut events: UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        let Ok(mut line) = serde_json::to_vec(&event) else {
            continue;
        };
        line.push(b'\n');
        // When the checker is gone there is nobody to tell; the closing stdin says the same.
        if to.write_all(&line).await.is_err() {
            return;
        }
    }
}

fn reader(from: impl AsFd) -> std::io::Result<pipe::Receiver> {
    pipe::Receiver::from_owned_fd(from.as_fd().try_clone_to_owned()?)
}

fn writer(to: impl AsFd) -> std::io::Result<pipe::Sender> {
    pipe::Sender::from_owned_fd(to.as_fd().try_clone_to_owned()?)
}

fn log_file(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .or_trouble(|| format!("write {}", path.display()))
}

/// How a child ended. What ended by a signal inside of a sandbox, bubblewrap tells as a shell
/// does: by an exit code of 128 and the signal's number.
fn ending(status: Option<ExitStatus>, sandboxed: bool) -> Ending {
    let Some(status) = status else {
        return Ending::Code(-1);
    };
    match (status.code(), status.signal()) {
        (Some(code), _) if sandboxed && (129..=192).contains(&code) => Ending::Signal(code - 128),
        (Some(code), _) => Ending::Code(code),
        (None, Some(signal)) => Ending::Signal(signal),
        (None, None) => Ending::Code(-1),
    }
}
