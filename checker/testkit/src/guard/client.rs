//! The checker's side of the guard: handles on it and on what it started.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::logs::log_file;
use super::protocol::{Ending, Event, Limits, Reported, Request, Signal, Spawn, Stream};
use super::{orphans, tree};
use crate::isolation::Sandbox;
use crate::plain_file;
use crate::ready::{NotReady, Ready};
use crate::run_dir::RunDir;
use crate::trouble::{Result, Trouble, While};

/// How long the guard may take for what should take it microseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many guards of this process are running.
static RUNNING: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// A running guard. When the last handle is dropped, or the checker dies, everything that was
/// started through it is killed.
#[derive(Clone)]
pub struct Guard(Arc<Handle>);

struct Handle {
    requests: mpsc::UnboundedSender<Message>,
    table: Arc<Mutex<Table>>,
    process: Mutex<Option<tokio::process::Child>>,
    serial: AtomicU64,
    logs: PathBuf,
    folder: PathBuf,
}

enum Message {
    Request(Request),
    Close,
}

/// What is known of each child, and who waits for the answer to a signal.
#[derive(Default)]
struct Table {
    children: BTreeMap<u64, watch::Sender<State>>,
    answers: BTreeMap<u64, oneshot::Sender<Option<String>>>,
    /// Who hears every line of a child.
    listeners: BTreeMap<u64, mpsc::UnboundedSender<(Stream, String)>>,
    /// How often each name was started, for the names of the log files.
    starts: BTreeMap<PathBuf, u32>,
    lost: bool,
}

#[derive(Debug, Clone, Default)]
struct State {
    pid: Option<i32>,
    not_started: Option<NotReady>,
    announced: Vec<String>,
    stopped: bool,
    ending: Option<Ending>,
    peak_memory: u64,
}

/// A program to start under the guard.
#[derive(Debug, Clone)]
pub struct Program {
    name: String,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    cwd: Option<PathBuf>,
    logs: Option<PathBuf>,
    input: String,
    announcement: Option<String>,
    key: Option<String>,
    sandbox: Option<Sandbox>,
    folders: Vec<PathBuf>,
    limits: Limits,
}

impl Program {
    /// A program that people call `name`; its log files are called so as well.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Program {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: None,
            logs: None,
            input: String::new(),
            announcement: None,
            key: None,
            sandbox: None,
            folders: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// A node, which will say that it is ready. Its name may be whole (`n1@127.0.0.1`) or not.
    pub fn node(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        let mut node = Program::new(name, program);
        node.announcement = Some(Ready::announcement(&node.name));
        node
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub fn args<S: Into<OsString>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment, which is otherwise the checker's.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sets its current folder, which is otherwise the run's.
    pub fn cwd(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cwd = Some(folder.into());
        self
    }

    /// Sets the folder for its log files, which must be there; `logs` in the run's folder, if
    /// not given.
    pub fn logs(mut self, folder: impl Into<PathBuf>) -> Self {
        self.logs = Some(folder.into());
        self
    }

    /// Adds a folder that it may fill up to its limit.
    pub fn fills(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Sets how much it may use.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Gives it secrets, a line each on its stdin: the cookie of its cluster, and a key that it
    /// must name when it is ready. Only the given `main` reads them, before any code of the
    /// learner runs; so a program that prints a line of its own, or becomes another program,
    /// has neither.
    pub fn secrets(mut self, cookie: &str) -> Result<Self> {
        let random =
            || getrandom::u64().or_trouble(|| "get random numbers from the operating system");
        let key = format!("{:016x}{:016x}", random()?, random()?);
        self.args.push("--secrets-from-stdin".into());
        self.input = format!("{cookie}\n{key}\n");
        self.key = Some(key);
        Ok(self)
    }

    /// Runs another program with the same arguments.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Runs it in a sandbox, if there is one.
    pub fn sandboxed(mut self, sandbox: Option<Sandbox>) -> Self {
        self.sandbox = sandbox;
        self
    }
}

impl Guard {
    /// Starts a guard for a run. `checker` is the program to run as one: usually
    /// [`own_program`](super::own_program).
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(checker: &Path, run: &RunDir) -> Result<Guard> {
        let logs = run.folder("logs")?;
        let own_log = logs.join("guard.log");
        let stderr = std::fs::File::create(&own_log)
            .or_trouble(|| format!("write {}", own_log.display()))?;
        let mut command = Command::new(checker);
        command
            .arg0("checker")
            .arg("guard")
            .arg("--remove")
            .arg(run.path())
            .env(orphans::MARK, run.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut process = command.spawn().or_trouble(|| "start the guard process")?;
        let (Some(stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Trouble::new("could not talk to the guard process"));
        };
        RUNNING.send_modify(|running| *running += 1);
        let (requests, outgoing) = mpsc::unbounded_channel();
        let table = Arc::new(Mutex::new(Table::default()));
        tokio::spawn(send(stdin, outgoing));
        tokio::spawn(receive(stdout, Arc::clone(&table), run.path().to_owned()));
        Ok(Guard(Arc::new(Handle {
            requests,
            table,
            process: Mutex::new(Some(process)),
            serial: AtomicU64::new(1),
            logs,
            folder: run.path().to_owned(),
        })))
    }

    /// Starts a program. Returns at once; [`Child::ready`] waits for it.
    ///
    /// Its outputs go to `logs/NAME.stdout.log` and `logs/NAME.stderr.log` in the run's folder,
    /// unless another was named; the second start under a name writes to `logs/NAME.2.stdout.log`, and so on.
    pub fn spawn(&self, program: Program) -> Child {
        let reported = match &program.announcement {
            Some(prefix) => Reported::Announcements(prefix.clone()),
            None => Reported::Nothing,
        };
        self.start_child(self.next_number(), program, reported)
    }

    /// Starts a program, each of whose lines can be heard, until it has ended.
    pub fn listen_to(
        &self,
        program: Program,
    ) -> (Child, mpsc::UnboundedReceiver<(Stream, String)>) {
        let number = self.next_number();
        let (lines, heard) = mpsc::unbounded_channel();
        self.table().listeners.insert(number, lines);
        (
            self.start_child(number, program, Reported::Everything),
            heard,
        )
    }

    fn start_child(&self, number: u64, program: Program, reported: Reported) -> Child {
        let state = self.enter(number);
        let logs = program.logs.unwrap_or_else(|| self.0.logs.clone());
        let start = {
            let mut table = self.table();
            let starts = table.starts.entry(logs.join(&program.name)).or_default();
            *starts += 1;
            *starts
        };
        let log = |stream| log_file(&logs, &program.name, start, stream);
        let (stdout, stderr) = (log(Stream::Stdout), log(Stream::Stderr));
        let cwd = program.cwd.unwrap_or_else(|| self.0.folder.clone());
        let sandboxed = program.sandbox.is_some();
        let (command, args, env) = match program.sandbox {
            Some(sandbox) => {
                let (command, args) =
                    sandbox.around(&program.program, program.args, program.env, &cwd);
                (command, args, Vec::new())
            }
            None => (program.program, program.args, program.env),
        };
        self.send(Request::Spawn {
            child: number,
            spawn: Box::new(Spawn {
                program: command,
                args,
                env,
                cwd,
                stdout: stdout.clone(),
                stderr: stderr.clone(),
                input: program.input,
                reported,
                sandboxed,
                folders: program.folders,
                limits: program.limits,
            }),
        });
        Child {
            guard: self.clone(),
            number,
            name: program.name,
            key: program.key,
            state,
            stdout,
            stderr,
        }
    }

    /// Kills everything, and returns when it is gone.
    pub async fn shutdown(&self) {
        let _ = self.0.requests.send(Message::Close);
        let process = self
            .0
            .process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut process) = process {
            let _ = timeout(PATIENCE, process.wait()).await;
        }
    }

    fn enter(&self, number: u64) -> watch::Receiver<State> {
        let mut table = self.table();
        let ending = table.lost.then_some(Ending::GuardLost);
        let (state, seen) = watch::channel(State {
            ending,
            ..State::default()
        });
        table.children.insert(number, state);
        seen
    }

    fn next_number(&self) -> u64 {
        self.0.serial.fetch_add(1, Ordering::Relaxed)
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, request: Request) {
        let _ = self.0.requests.send(Message::Request(request));
    }
}

/// A program that the guard started. Dropping it kills it, and what it started.
pub struct Child {
    guard: Guard,
    number: u64,
    name: String,
    /// What only its `main` knows.
    key: Option<String>,
    state: watch::Receiver<State>,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Child {
    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits until the node says that it is ready. With `sources`, it must also say that it was
    /// built from those.
    ///
    /// # Errors
    /// Why it did not come up.
    pub async fn ready(
        &self,
        within: Duration,
        sources: Option<&str>,
    ) -> std::result::Result<Ready, NotReady> {
        let said = |state: &State| {
            let lines = state.announced.iter();
            let said: Vec<Ready> = lines
                .filter_map(|line| Ready::parse(&self.name, line))
                .collect();
            said
        };
        // The code that it runs may print such a line, too; but it does not know the key.
        let own = |ready: &Ready| self.key.is_none() || ready.key == self.key;
        let right = |ready: &Ready| {
            own(ready) && (sources.is_none() || ready.sources.as_deref() == sources)
        };
        let came = self.until(within, |state| {
            said(state).iter().any(right) || state.ending.is_some() || state.not_started.is_some()
        });
        let came = came.await;
        let state = came.clone().unwrap_or_else(|| self.state.borrow().clone());
        let mut said = said(&state);
        if let Some(place) = said.iter().position(right) {
            return Ok(said.swap_remove(place));
        }
        if let Some(why) = state.not_started {
            return Err(why);
        }
        if let (Some(expected), Some(other)) = (
            sources,
            said.iter()
                .find(|ready| own(ready) && ready.sources.is_some()),
        ) {
            return Err(NotReady::OtherSources {
                expected: expected.to_owned(),
                seen: other.sources.clone(),
            });
        }
        match came {
            Some(state) => Err(NotReady::Ended(state.ending.unwrap_or(Ending::GuardLost))),
            None => Err(NotReady::TooLate(within)),
        }
    }

    /// Its process id, once it was started.
    pub fn pid(&self) -> Option<i32> {
        self.state.borrow().pid
    }

    /// Why it could not be started, if that is so.
    pub fn not_started(&self) -> Option<NotReady> {
        self.state.borrow().not_started.clone()
    }

    /// How it ended, if it has.
    pub fn ending(&self) -> Option<Ending> {
        ended(&self.state.borrow())
    }

    /// Waits until it ends. Cancel safe.
    pub async fn ended(&self) -> Ending {
        let mut state = self.state.clone();
        match state.wait_for(|state| ended(state).is_some()).await {
            Ok(state) => ended(&state).unwrap_or(Ending::GuardLost),
            Err(_) => Ending::GuardLost,
        }
    }

    /// How long it, with all that it started, was on the processors so far: zero where the system is not asked.
    pub fn processor_time(&self) -> Option<Duration> {
        let pid = self.pid()?;
        Some(tree::usage(&[pid]).get(&pid)?.processor)
    }

    /// The most memory that it was seen to hold, in bytes. Known once it has ended.
    pub fn peak_memory(&self) -> u64 {
        self.state.borrow().peak_memory
    }

    /// Kills it and what it started (`kill -9`), and waits until it is gone.
    ///
    /// # Errors
    /// When that cannot be confirmed.
    pub async fn kill(&self) -> Result<Ending> {
        if let Some(ending) = self.ending() {
            return Ok(ending);
        }
        self.send_signal(0, Signal::Kill);
        match self.until(PATIENCE, |state| ended(state).is_some()).await {
            Some(state) => Ok(ended(&state).unwrap_or(Ending::GuardLost)),
            None => Err(Trouble::new(format!(
                "could not see {} end after it was killed",
                self.name
            ))),
        }
    }

    /// Pauses it (`kill -STOP`), and waits until it is paused.
    ///
    /// # Errors
    /// When it ended instead, or does not stop.
    pub async fn pause(&self) -> Result<()> {
        self.signal(Signal::Stop).await?;
        match self
            .until(PATIENCE, |state| state.stopped || ended(state).is_some())
            .await
        {
            Some(state) if ended(&state).is_none() => Ok(()),
            Some(_) => Err(Trouble::new(format!(
                "could not pause {}: it has ended",
                self.name
            ))),
            None => Err(Trouble::new(format!(
                "could not see that {} was paused",
                self.name
            ))),
        }
    }

    /// Lets it run on (`kill -CONT`).
    ///
    /// # Errors
    /// When it has ended.
    pub async fn resume(&self) -> Result<()> {
        self.signal(Signal::Continue).await?;
        if let Some(state) = self.guard.table().children.get(&self.number) {
            state.send_modify(|state| state.stopped = false);
        }
        Ok(())
    }

    /// Sends it a signal; returns when it was sent. What it started is killed or terminated with
    /// it, but neither stopped nor continued.
    ///
    /// # Errors
    /// When it has ended, or the guard is gone.
    pub async fn signal(&self, signal: Signal) -> Result<()> {
        let request = self.guard.next_number();
        let (answer, answered) = oneshot::channel();
        {
            let mut table = self.guard.table();
            if table.lost {
                return Err(Trouble::new(format!(
                    "could not signal {}: the guard is gone",
                    self.name
                )));
            }
            table.answers.insert(request, answer);
        }
        self.send_signal(request, signal);
        match timeout(PATIENCE, answered).await {
            Ok(Ok(None)) => Ok(()),
            Ok(Ok(Some(why))) => Err(Trouble::new(format!(
                "could not signal {}: {why}",
                self.name
            ))),
            _ => Err(Trouble::new(format!(
                "could not signal {}: the guard does not answer",
                self.name
            ))),
        }
    }

    /// The last lines that it wrote to stderr, oldest first.
    pub fn last_stderr_lines(&self, count: usize) -> Vec<String> {
        last_lines(&self.stderr, count)
    }

    /// The file with what it writes to stderr.
    pub fn stderr_file(&self) -> &Path {
        &self.stderr
    }

    /// The file with what it writes to stdout.
    pub fn stdout_file(&self) -> &Path {
        &self.stdout
    }

    async fn until(&self, within: Duration, holds: impl FnMut(&State) -> bool) -> Option<State> {
        let mut state = self.state.clone();
        match timeout(within, state.wait_for(holds)).await {
            Ok(Ok(state)) => Some(state.clone()),
            // The sender is gone with the table: so is the guard.
            Ok(Err(_)) => Some(State {
                ending: Some(Ending::GuardLost),
                ..State::default()
            }),
            Err(_) => None,
        }
    }

    fn send_signal(&self, request: u64, signal: Signal) {
        self.guard.send(Request::Signal {
            request,
            child: self.number,
            signal,
        });
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ending().is_none() {
            self.send_signal(0, Signal::Kill);
        }
        self.guard.table().children.remove(&self.number);
    }
}

/// Waits until every guard that this process started has ended, and with it all that it had started.
/// It does so by itself once nobody has a handle on it: after a run was broken off, say.
///
/// # Errors
/// When one has not ended in time.
pub async fn all_ended() -> Result<()> {
    let mut running = RUNNING.subscribe();
    match timeout(PATIENCE, running.wait_for(|&running| running == 0)).await {
        Ok(_) => Ok(()),
        Err(_) => Err(Trouble::new(
            "could not see the end of a run that was stopped",
        )),
    }
}

fn ended(state: &State) -> Option<Ending> {
    state
        .ending
        .clone()
        .or_else(|| state.not_started.as_ref().map(|_| Ending::Code(-1)))
}

/// The last lines of a file, of which only the end is read: the file may be long.
fn last_lines(file: &Path, count: usize) -> Vec<String> {
    use std::io::{Read, Seek, SeekFrom};
    const END: u64 = 64 * 1024;
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = plain_file::open(file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
        let mut end = Vec::new();
        file.take(END).read_to_end(&mut end)?;
        Ok(end)
    };
    let end = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&end);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..]
        .iter()
        .map(|&line| line.to_owned())
        .collect()
}

async fn send(mut stdin: ChildStdin, mut messages: mpsc::UnboundedReceiver<Message>) {
    while let Some(Message::Request(request)) = messages.recv().await {
        let Ok(mut line) = serde_json::to_vec(&request) else {
            return;
        };
        line.push(b'\n');
        if stdin.write_all(&line).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

async fn receive(stdout: ChildStdout, table: Arc<Mutex<Table>>, run: PathBuf) {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(event) = serde_json::from_str(&line) else {
            break;
        };
        table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(event);
    }
    // It has ended everything itself, unless it was killed.
    orphans::end_left_over(&run);
    let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
    table.lost = true;
    table.answers.clear();
    table.listeners.clear();
    for state in table.children.values() {
        state.send_modify(|state| {
            state.ending.get_or_insert(Ending::GuardLost);
        });
    }
    RUNNING.send_modify(|running| *running -= 1);
}

impl Table {
    fn note(&mut self, event: Event) {
        match event {
            Event::Signaled { request, error } => {
                if let Some(answer) = self.answers.remove(&request) {
                    let _ = answer.send(error);
                }
            }
            Event::Spawned { child, pid } => self.change(child, |state| state.pid = Some(pid)),
            Event::NotSpawned {
                child,
                why,
                no_room,
            } => {
                self.listeners.remove(&child);
                let not_ready = match no_room {
                    true => NotReady::NoRoom(why),
                    false => NotReady::NotStarted(why),
                };
                self.change(child, |state| state.not_started = Some(not_ready));
            }
            Event::Line {
                child,
                stream,
                line,
            } => match self.listeners.get(&child) {
                // Nobody listens any more: nobody needs to know.
                Some(listener) => drop(listener.send((stream, line))),
                None => self.change(child, |state| state.announced.push(line)),
            },
            Event::Stopped { child } => self.change(child, |state| state.stopped = true),
            Event::Exited {
                child,
                ending,
                peak_memory,
            } => {
                self.listeners.remove(&child);
                self.change(child, |state| {
                    state.ending = Some(ending);
                    state.peak_memory = peak_memory;
                });
            }
        }
    }

    /// Changes what is known of a child, unless nobody wants to know any more.
    fn change(&mut self, child: u64, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.children.get(&child) {
            state.send_modify(change);
        }
    }
}
