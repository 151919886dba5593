//! The gate: a simulation runs several nodes in one process, and has a gate between each node and the system.
//!
//! The operating system can pause a process and kill it. Within one process nobody can, so a
//! simulated node is given a [`Gate`]: all its tasks are polled through it. While the gate is held,
//! none of them is polled, which is what `kill -STOP` does. When it is shut, they are dropped where
//! they stand, which is what `kill -9` does. What a process otherwise gets from its system, a simulated node
//! gets from its gate: sockets, a folder, and the system clock. A node with a process of its own has no
//! gate.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// A gate. Clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Whose tasks they are.
    name: String,
    scratch: PathBuf,
    streams: Streams,
    at_work: AtWork,
    state: Mutex<State>,
}

/// Which task the thread of a simulation polls. Clones are handles on the same knowledge: a watchdog on
/// another thread has one.
#[derive(Clone, Debug, Default)]
pub struct AtWork(Arc<Mutex<Work>>);

/// What the thread of a simulation does.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// How many polls have begun so far.
    pub polls: u64,
    /// The node whose task was polled last.
    pub node: Option<String>,
    /// The server that the task is of, if it is one's.
    pub server: Option<String>,
    /// Whether the task runs beside its server, started with `ctx.spawn`.
    pub is_beside: bool,
    /// Whether the poll goes on.
    pub goes_on: bool,
}

impl AtWork {
    /// What the thread does now.
    pub fn now(&self) -> Work {
        self.0.lock().unwrap().clone()
    }

    fn begin(&self, node: &str) {
        let mut work = self.0.lock().unwrap();
        work.polls += 1;
        if work.node.as_deref() != Some(node) {
            work.node = Some(node.to_owned());
        }
        work.server = None;
        work.is_beside = false;
        work.goes_on = true;
    }

    fn serve(&self, server: &str, is_beside: bool) {
        let mut work = self.0.lock().unwrap();
        work.server = Some(server.to_owned());
        work.is_beside = is_beside;
    }

    fn end(&self) {
        self.0.lock().unwrap().goes_on = false;
    }
}

#[derive(Debug, Default)]
struct State {
    held: bool,
    shut: bool,
    /// The tasks to wake as soon as the gate is no longer held.
    waiting: Vec<Waker>,
    /// All tasks, some of which may have ended.
    tasks: Vec<AbortHandle>,
}

thread_local! {
    /// Whose task this thread polls at the moment.
    static CURRENT: RefCell<Option<Gate>> = const { RefCell::new(None) };
    /// When the time of the simulation on this thread began, if there is one.
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

impl Gate {
    /// A gate for the tasks of the node of this name, open. `scratch` is the node's own folder, and
    /// `at_work` learns which of its tasks is polled.
    pub fn new(name: &str, scratch: &Path, streams: Streams, at_work: AtWork) -> Gate {
        Gate(Arc::new(Shared {
            name: name.to_owned(),
            scratch: scratch.to_owned(),
            streams,
            at_work,
            state: Mutex::default(),
        }))
    }

    /// The gate of the node whose task runs on this thread now, if it is simulated.
    pub fn current() -> Option<Gate> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// The name of the node.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The node's own folder.
    pub fn scratch(&self) -> &Path {
        &self.0.scratch
    }

    /// What stands in for the sockets of the node.
    pub fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// No task is polled from now on.
    pub fn hold(&self) {
        self.0.state.lock().unwrap().held = true;
    }

    /// All tasks run on.
    pub fn open(&self) {
        let waiting = {
            let mut state = self.0.state.lock().unwrap();
            state.held = false;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Ends all tasks for good, held or not. They are dropped soon, each where it stands.
    pub fn shut(&self) {
        let (waiting, tasks) = {
            let mut state = self.0.state.lock().unwrap();
            state.shut = true;
            (
                std::mem::take(&mut state.waiting),
                std::mem::take(&mut state.tasks),
            )
        };
        tasks.iter().for_each(AbortHandle::abort);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Runs a task behind the gate.
    pub fn spawn(
        &self,
        tasks: &mut JoinSet<()>,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        self.spawn_boxed(tasks, Box::pin(task))
    }

    fn spawn_boxed(&self, tasks: &mut JoinSet<()>, future: BoxedTask) -> AbortHandle {
        let gate = self.clone();
        let handle = tasks.spawn(Guarded { gate, future });
        self.own(handle.clone());
        handle
    }

    /// A task that is [guarded](Gate::guard) ends when the gate is shut.
    pub fn own(&self, task: AbortHandle) {
        let mut state = self.0.state.lock().unwrap();
        if state.shut {
            task.abort();
            return;
        }
        if state.tasks.len() == state.tasks.capacity() {
            state.tasks.retain(|task| !task.is_finished());
        }
        state.tasks.push(task);
    }

    /// A future that is polled through the gate.
    pub fn guard<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Guarded {
            gate: self.clone(),
            future: Box::pin(future),
        }
    }

    /// The same task, known as that of a server: its own, or one beside it.
    pub(crate) fn serve(&self, server: String, is_beside: bool, mut task: BoxedTask) -> BoxedTask {
        let at_work = self.0.at_work.clone();
        Box::pin(std::future::poll_fn(move |context| {
            at_work.serve(&server, is_beside);
            task.as_mut().poll(context)
        }))
    }

    /// Whether a task may run; if not, it is woken when it may.
    fn lets_through(&self, context: &Context<'_>) -> bool {
        let mut state = self.0.state.lock().unwrap();
        if state.held && !state.shut {
            state.waiting.push(context.waker().clone());
        }
        !state.held && !state.shut
    }
}

struct Guarded<F: ?Sized> {
    gate: Gate,
    future: Pin<Box<F>>,
}

/// A poll of a node's task. It ends when this is dropped, also where the task panics.
struct Turn<'a> {
    gate: &'a Gate,
    before: Option<Gate>,
}

impl Turn<'_> {
    fn begin(gate: &Gate) -> Turn<'_> {
        let before = CURRENT.replace(Some(gate.clone()));
        gate.0.at_work.begin(&gate.0.name);
        Turn { gate, before }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.gate.0.at_work.end();
        CURRENT.set(self.before.take());
    }
}

impl<F: Future + ?Sized> Future for Guarded<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if !self.gate.lets_through(context) {
            return Poll::Pending;
        }
        let Guarded { gate, future } = &mut *self;
        let _turn = Turn::begin(gate);
        future.as_mut().poll(context)
    }
}

/// From now on, the clock on the wall of this thread is that of a simulation.
pub fn begin_virtual_time() {
    BEGUN.set(Some(Instant::now()));
}

/// What the clock on the wall shows. In a simulation it begins at a fixed time, and goes with all
/// other time.
pub fn wall_clock() -> SystemTime {
    /// Noon in Greenwich on 2026-01-01.
    const BEGIN: Duration = Duration::from_secs(1_767_268_800);
    match BEGUN.get() {
        Some(begun) => SystemTime::UNIX_EPOCH + BEGIN + begun.elapsed(),
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the real clock; a simulation has its own"
        )]
        None => SystemTime::now(),
    }
}

/// Stand-ins for TCP connections on loopback, by port. Clones mean the same ones.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Mutex<Ports>>);

#[derive(Debug, Default)]
struct Ports {
    last: u16,
    listening: BTreeMap<u16, mpsc::UnboundedSender<DuplexStream>>,
}

/// How many bytes of one direction are under way before their writer waits.
const IN_FLIGHT: usize = 64 * 1024;

impl Streams {
    /// Listens on a port of its own. It is closed when what is returned is dropped.
    pub fn listen(&self) -> Listening {
        let (arrivals, connections) = mpsc::unbounded_channel();
        let mut ports = self.0.lock().unwrap();
        ports.last += 1;
        let port = ports.last;
        ports.listening.insert(port, arrivals);
        Listening { port, connections }
    }

    /// Connects to a port.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(&self, port: u16) -> io::Result<DuplexStream> {
        let mut ports = self.0.lock().unwrap();
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let arrivals = ports.listening.get(&port).ok_or_else(refused)?;
        let (ours, theirs) = tokio::io::duplex(IN_FLIGHT);
        if arrivals.send(theirs).is_err() {
            ports.listening.remove(&port);
            return Err(refused());
        }
        Ok(ours)
    }
}

/// A port of [`Streams`] on which connections arrive.
#[derive(Debug)]
pub struct Listening {
    port: u16,
    connections: mpsc::UnboundedReceiver<DuplexStream>,
}

impl Listening {
    /// Which port it is.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The next connection.
    pub async fn accept(&mut self) -> DuplexStream {
        match self.connections.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }
}

/// A task of any type. What is done with it is compiled once, with the optimizations of this crate, and not
/// anew for each task of a program.
pub(crate) type BoxedTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a task in a set, behind a gate if there is one.
pub fn spawn(
    gate: Option<&Gate>,
    tasks: &mut JoinSet<()>,
    task: impl Future<Output = ()> + Send + 'static,
) -> AbortHandle {
    spawn_boxed(gate, tasks, Box::pin(task))
}

/// The same for a task that is boxed already.
pub(crate) fn spawn_boxed(
    gate: Option<&Gate>,
    tasks: &mut JoinSet<()>,
    task: BoxedTask,
) -> AbortHandle {
    match gate {
        Some(gate) => gate.spawn_boxed(tasks, task),
        None => tasks.spawn(task),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::sleep;

    use super::*;

    fn gate(name: &str) -> Gate {
        Gate::new(name, Path::new(""), Streams::default(), AtWork::default())
    }

    fn counting(seen: &Arc<AtomicUsize>) -> impl Future<Output = ()> + Send + use<> {
        let seen = seen.clone();
        async move {
            loop {
                sleep(Duration::from_millis(10)).await;
                seen.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn held_tasks_stand_still_and_shut_ones_are_dropped() {
        let (gate, seen) = (gate("n1"), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        gate.spawn(&mut tasks, counting(&seen));
        sleep(Duration::from_millis(35)).await;
        assert_eq!(seen.load(Ordering::Relaxed), 3);
        gate.hold();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(seen.load(Ordering::Relaxed), 3);
        gate.open();
        sleep(Duration::from_millis(5)).await;
        assert_eq!(seen.load(Ordering::Relaxed), 4);
        gate.shut();
        assert!(tasks.join_next().await.unwrap().unwrap_err().is_cancelled());
        assert_eq!(Arc::strong_count(&seen), 1);
    }

    #[tokio::test]
    async fn task_knows_whose_it_is() {
        let gate = gate("n2");
        let mut tasks = JoinSet::new();
        gate.spawn(&mut tasks, async {
            assert_eq!(Gate::current().unwrap().name(), "n2");
        });
        tasks.join_next().await.unwrap().unwrap();
        assert!(Gate::current().is_none());
    }

    #[tokio::test]
    async fn task_that_panics_leaves_the_thread_to_nobody() {
        let gate = gate("n3");
        let mut tasks = JoinSet::new();
        gate.spawn(&mut tasks, async { panic!("oh") });
        assert!(tasks.join_next().await.unwrap().unwrap_err().is_panic());
        assert!(Gate::current().is_none());
        assert!(!gate.0.at_work.now().goes_on);
    }
}
