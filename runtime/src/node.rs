//! A node: a named part of a cluster, with its connections and its processes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use tokio::sync::{Semaphore, broadcast};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tracing::debug;

use crate::address::{Address, ServerName};
use crate::clock::Clock;
use crate::cookie::Cookie;
use crate::error::{CallError, ConnectError, ConnectionLoss, StartError};
use crate::gate::{BoxedTask, Gate, spawn_boxed};
use crate::global::GlobalNames;
use crate::handshake::Identity;
use crate::line::{Answer, Line, Numbers};
use crate::name::NodeName;
use crate::net::{Listener, Net};
use crate::peers::{Intent, MAX_DIALS, Peers};
use crate::pg::Groups;
use crate::process::{self, Process};
use crate::process_id::ExitReason;
use crate::reply::ReplyTo;
use crate::rpc::Functions;
use crate::server::{Info, Server};
use crate::watch::Watches;
use crate::wire::{Frame, Header, NoAnswer, Target};

/// How many connections may be in their handshake at once. When one more arrives, the one that
/// has been at it longest is dropped: it is the least likely to succeed.
const PENDING_HANDSHAKES: usize = 64;

/// How long a stopping node waits for its processes to end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a node is started from.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// The node's name; no living node of the network may have it.
    pub name: NodeName,
    /// The secret that the nodes of one cluster share.
    pub cookie: Cookie,
    /// The network it runs on.
    pub net: Net,
    /// A hidden node is not listed, does not take part in the mesh, groups or broadcasts, and is
    /// not announced: for tools that look at a cluster and are not part of it.
    pub hidden: bool,
    /// A node from which nothing arrives for this long is declared down. A second to a minute.
    pub tick_time: Duration,
    /// How long a call waits for its answer unless it says otherwise.
    pub call_timeout: Duration,
    /// The longest pause between two tries to reach a lost node; at most a quarter of the tick
    /// time is used.
    pub backoff_cap: Duration,
    /// How long a connection may take to prove who it is.
    pub handshake_timeout: Duration,
    /// The longest frame that is sent or taken, in bytes.
    pub frame_limit: usize,
    /// Where the node's random numbers start; from the operating system if not given.
    pub seed: Option<u64>,
    /// What all tasks of the node are polled through, if it is simulated.
    pub gate: Option<Gate>,
}

impl NodeConfig {
    /// A visible node with the usual times: 15 s of silence, 5 s a call.
    pub fn new(name: NodeName, cookie: Cookie, net: Net) -> Self {
        NodeConfig {
            name,
            cookie,
            net,
            hidden: false,
            tick_time: Duration::from_secs(15),
            call_timeout: Duration::from_secs(5),
            backoff_cap: Duration::from_secs(2),
            handshake_timeout: Duration::from_secs(5),
            frame_limit: 16 << 20,
            seed: None,
            gate: None,
        }
    }

    pub(crate) fn backoff_cap(&self) -> Duration {
        self.backoff_cap.min(self.tick_time / 4)
    }
}

/// A running node. Cloning gives another handle to the same node; it runs until
/// [`stop`](Node::stop).
///
/// ```
/// use runtime::{Cookie, MemoryNet, Net, Node, NodeConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let net = MemoryNet::new(1);
/// let config = |name: &str| {
///     let cookie = Cookie::from_text("secret").unwrap();
///     NodeConfig::new(name.parse().unwrap(), cookie, Net::Memory(net.clone()))
/// };
/// let (n1, n2) = (Node::start(config("n1@sim")).await?, Node::start(config("n2@sim")).await?);
/// n1.connect(n2.name()).await?;
/// assert_eq!(n1.list(), [n2.name().clone()]);
/// # Ok(())
/// # }
/// ```
///
/// # Not promised
/// That a listed node is alive: it may have died since its last sign of life. That a node of the same name
/// is the same node: each start has its own creation number. Nothing is kept when a node ends.
///
/// # Source
/// Erlang's *Distributed Erlang* (reference manual): names, cookies, the full mesh, hidden nodes.
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
}

/// News about connections, for those who are not servers. See [`Node::events`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeEvent {
    /// A connection to this node is up.
    Up(NodeName),
    /// The connection to this node is gone, and why.
    Down(NodeName, ConnectionLoss),
}

impl Node {
    /// Takes the name on the network and starts to listen. It is connected to no other node yet.
    ///
    /// # Errors
    /// [`StartError::Listen`] when the name is taken or the network does not let us.
    pub async fn start(config: NodeConfig) -> Result<Node, StartError> {
        let listener = config
            .net
            .listen(&config.name, &config.cookie)
            .await
            .map_err(StartError::Listen)?;
        let mut rng = match (&config.net, config.seed) {
            (_, Some(seed)) => ChaCha8Rng::seed_from_u64(seed),
            (Net::Memory(net), None) => ChaCha8Rng::seed_from_u64(net.next_seed()),
            (Net::Tcp(_), None) => ChaCha8Rng::from_seed(from_os()),
        };
        let creation = match config.net {
            Net::Tcp(_) => u64::from_le_bytes(from_os()),
            Net::Memory(_) => rng.next_u64(),
        };
        let inner = Arc::new(Inner {
            creation,
            address: listener.address(),
            clock: Arc::default(),
            numbers: Numbers::default(),
            rng: Mutex::new(rng),
            processes: Processes::new(creation),
            peers: Peers::default(),
            dials: Semaphore::new(MAX_DIALS),
            watches: Watches::default(),
            groups: Groups::default(),
            global_names: GlobalNames::default(),
            functions: Functions::default(),
            subscribers: Mutex::default(),
            events: broadcast::Sender::new(256),
            tasks: Mutex::default(),
            stopped: AtomicBool::new(false),
            config,
        });
        let node = Node { inner };
        // The runtime's own servers are there before the first connection is: they miss nothing.
        crate::system::start(&node).await?;
        node.inner.spawn(node.inner.clone().accept_all(listener));
        Ok(node)
    }

    /// The node's name.
    pub fn name(&self) -> &NodeName {
        self.inner.name()
    }

    /// Where the node listens, for people to read.
    pub fn address(&self) -> &str {
        &self.inner.address
    }

    /// What it was started from.
    pub fn config(&self) -> &NodeConfig {
        &self.inner.config
    }

    /// Its Lamport clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Connects to a node, and through it to all nodes that it is connected to. Does nothing if
    /// there is a connection already. Sending to a node connects to it as well; this waits until the connection
    /// is up or has failed, and returns the result.
    ///
    /// # Errors
    /// [`ConnectError`] says whether the node was not found, not reached, or refused us.
    pub async fn connect(&self, to: &NodeName) -> Result<(), ConnectError> {
        if to == self.name() {
            return Ok(());
        }
        self.inner.line_to(to, Intent::Asked).opened().await
    }

    /// Asks a node whether it is there, and connects to it if necessary. Returns how long that took.
    ///
    /// # Errors
    /// As for [`call`](Node::call). No answer does not mean that the node is not there.
    pub async fn ping(&self, to: &NodeName) -> Result<Duration, CallError> {
        let asked = Instant::now();
        self.call(&crate::system::NODE.at(to), crate::system::NodeMsg::Ping)
            .await?;
        Ok(asked.elapsed())
    }

    /// Closes the connection to a node on purpose: neither side tries to open it again by itself. A
    /// later `connect`, or a message to that node, does. Returns whether there was a connection.
    pub fn disconnect(&self, from: &NodeName) -> bool {
        self.inner.part(from)
    }

    /// The names of the other nodes that there is a connection to now, in order. Without hidden
    /// ones.
    pub fn list(&self) -> Vec<NodeName> {
        self.inner
            .visible_lines()
            .iter()
            .map(|line| line.peer().clone())
            .collect()
    }

    /// The names of the hidden nodes that there is a connection to now.
    pub fn list_hidden(&self) -> Vec<NodeName> {
        self.inner
            .all_lines()
            .iter()
            .filter(|line| line.is_hidden())
            .map(|line| line.peer().clone())
            .collect()
    }

    /// What happens to connections from now on. A receiver that falls more than 256 events behind
    /// learns that, and loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<NodeEvent> {
        self.inner.events.subscribe()
    }

    /// Starts a server under a name and waits until its `init` is done.
    ///
    /// # Errors
    /// [`StartError::NameTaken`], or [`StartError::Init`] with the reason that `init` ended for.
    pub async fn start_server<S: Server>(
        &self,
        name: &ServerName<S::Msg>,
        args: S::Args,
    ) -> Result<Address<S::Msg>, StartError> {
        Ok(process::start::<S>(self, Some(name), args, None).await?.0)
    }

    /// Starts a server that is only known by its address.
    ///
    /// # Errors
    /// [`StartError::Init`] with the reason that `init` ended for.
    pub async fn start_unnamed<S: Server>(
        &self,
        args: S::Args,
    ) -> Result<Address<S::Msg>, StartError> {
        Ok(process::start::<S>(self, None, args, None).await?.0)
    }

    /// Ends a process, here or on another node, also in the middle of a message.
    pub fn exit<M>(&self, process: &Address<M>, reason: ExitReason) {
        if process.node() == self.name() {
            self.inner.exit_here(process.target(), reason);
        } else {
            let line = self.inner.line_to(process.node(), Intent::Asked);
            line.push(
                self.inner.clock.stamp(),
                &Header::Exit(process.target().clone(), reason),
                &Bytes::new(),
            );
        }
    }

    /// Waits until a process of this node has ended.
    pub async fn ended<M>(&self, process: &Address<M>) {
        if let Some(process) = self.inner.processes.find(process.target()) {
            process.exit.closed().await;
        }
    }

    /// The process of this node that has a name now.
    pub fn whereis<M>(&self, name: &ServerName<M>) -> Option<Address<M>> {
        let process = self
            .inner
            .processes
            .find(&Target::Name(name.as_str().to_owned()))?;
        Some(Address::new(
            self.name().clone(),
            Target::Process(self.inner.creation, process.serial),
        ))
    }

    /// The names that processes of this node have now, in order; without those of the runtime's
    /// own servers, which begin with `$`.
    pub fn registered(&self) -> Vec<String> {
        self.servers()
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with('$'))
            .collect()
    }

    /// The names of the local servers, in order, each with the number of messages that it has not
    /// handled to the end yet.
    pub fn servers(&self) -> Vec<(String, usize)> {
        self.inner.processes.named()
    }

    /// A random number from the node's own, seeded generator.
    pub fn random(&self) -> u64 {
        self.inner.rng.lock().unwrap().next_u64()
    }

    /// Ends the node: its processes, its connections, and everything that it had started. The name
    /// is free afterwards. The other nodes see a closed connection, as if it had been killed.
    pub async fn stop(&self) {
        let inner = &self.inner;
        if inner.stopped.swap(true, Ordering::AcqRel) {
            return;
        }
        let ended = inner.processes.end_all();
        let _ = tokio::time::timeout(LAST_WORDS, async {
            for process in ended {
                process.exit.closed().await
            }
        })
        .await;
        for line in inner.all_lines() {
            inner.lost(&line, ConnectionLoss::Stopped);
        }
        let mut tasks = std::mem::take(&mut *inner.tasks.lock().unwrap());
        tasks.shutdown().await;
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

/// All that a node is made of.
pub(crate) struct Inner {
    pub(crate) config: NodeConfig,
    creation: u64,
    address: String,
    pub(crate) clock: Arc<Clock>,
    pub(crate) numbers: Numbers,
    pub(crate) rng: Mutex<ChaCha8Rng>,
    pub(crate) processes: Processes,
    pub(crate) peers: Peers,
    /// Limits the dials that no caller asked for.
    pub(crate) dials: Semaphore,
    pub(crate) watches: Watches,
    pub(crate) groups: Groups,
    pub(crate) global_names: GlobalNames,
    pub(crate) functions: Functions,
    subscribers: Mutex<Vec<Arc<Process>>>,
    events: broadcast::Sender<NodeEvent>,
    tasks: Mutex<JoinSet<()>>,
    stopped: AtomicBool,
}

impl Inner {
    pub(crate) fn name(&self) -> &NodeName {
        &self.config.name
    }

    pub(crate) fn creation(&self) -> u64 {
        self.creation
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity {
            name: self.name().clone(),
            creation: self.creation,
            hidden: self.config.hidden,
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// A number that no handshake has used: from the operating system if an attacker may listen.
    pub(crate) fn nonce(&self) -> [u8; 32] {
        match self.config.net {
            Net::Tcp(_) => from_os(),
            Net::Memory(_) => {
                let mut nonce = [0; 32];
                self.rng.lock().unwrap().fill_bytes(&mut nonce);
                nonce
            }
        }
    }

    /// Runs a task that ends with the node.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.spawn_boxed(Box::pin(task))
    }

    pub(crate) fn spawn_boxed(&self, task: BoxedTask) -> AbortHandle {
        let mut tasks = self.tasks.lock().unwrap();
        while tasks.try_join_next().is_some() {}
        spawn_boxed(self.config.gate.as_ref(), &mut tasks, task)
    }

    pub(crate) fn subscribe(&self, process: &Arc<Process>) {
        let mut subscribers = self.subscribers.lock().unwrap();
        if !subscribers
            .iter()
            .any(|other| other.serial == process.serial)
        {
            subscribers.push(process.clone());
        }
    }

    /// Tells all subscribers that a connection came or went. Hidden nodes are not reported.
    pub(crate) fn announce(&self, line: &Line, event: NodeEvent) {
        if line.is_hidden() {
            return;
        }
        let info = match &event {
            NodeEvent::Up(name) => Info::NodeUp(name.clone()),
            NodeEvent::Down(name, _) => Info::NodeDown(name.clone()),
        };
        let mut subscribers = self.subscribers.lock().unwrap();
        subscribers.retain(|process| process.watchers.lock().unwrap().is_some());
        for process in subscribers.iter() {
            process.mailbox.put_info(info.clone());
        }
        let _ = self.events.send(event);
    }

    async fn accept_all(self: Arc<Self>, mut listener: Listener) {
        let mut pending: VecDeque<AbortHandle> = VecDeque::new();
        loop {
            let conn = listener.accept().await;
            while pending.front().is_some_and(|oldest| oldest.is_finished()) {
                pending.pop_front();
            }
            if pending.len() >= PENDING_HANDSHAKES {
                pending.retain(|handshake| !handshake.is_finished());
            }
            if pending.len() >= PENDING_HANDSHAKES
                && let Some(oldest) = pending.pop_front()
            {
                debug!(node = %self.name(), "dropped the oldest of {PENDING_HANDSHAKES} unfinished handshakes");
                oldest.abort();
            }
            pending.push_back(self.spawn(self.clone().accept(conn)));
        }
    }

    /// Does what a frame says.
    pub(crate) fn deliver(
        self: &Arc<Self>,
        line: &Arc<Line>,
        frame: Frame,
    ) -> Result<(), ConnectionLoss> {
        if !self.config.hidden && !line.is_hidden() && frame.clock > 0 {
            self.clock.observe(frame.clock);
        }
        match frame.header {
            Header::Cast(to) => match self.processes.find(&to) {
                Some(process) => {
                    process
                        .mailbox
                        .put_encoded(frame.payload, None, line.peer().clone())
                }
                None => {
                    debug!(node = %self.name(), "a message from {} for {to}, which is not here, was dropped", line.peer())
                }
            },
            Header::Call(to, call) => {
                let reply = ReplyTo::Remote {
                    line: line.clone(),
                    clock: self.clock.clone(),
                    call,
                };
                match self.processes.find(&to) {
                    Some(process) => {
                        process
                            .mailbox
                            .put_encoded(frame.payload, Some(reply), line.peer().clone())
                    }
                    None => reply.decline(NoAnswer::NoProcess),
                }
            }
            Header::Answer(call) => line.answer_call(call, Answer::Encoded(frame.payload)),
            Header::NoAnswer(call, why) => line.answer_call(call, Answer::None(why)),
            Header::Watch(number, target, linked) => {
                self.watch_asked(line, number, &target, linked.is_some())
            }
            Header::Unwatch(number) => self.unwatch_asked(line, number),
            Header::Ended(number, reason) => self.watch_fired(number, reason),
            Header::Exit(target, reason) => self.exit_here(&target, reason),
            Header::Mesh(nodes) if !self.config.hidden => self.join_mesh(nodes),
            Header::Goodbye => return Err(ConnectionLoss::Disconnected),
            Header::Tick | Header::Mesh(_) => {}
        }
        Ok(())
    }
}

fn from_os<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes
}

/// The processes of a node, by number and by name.
pub(crate) struct Processes {
    creation: u64,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    by_serial: BTreeMap<u64, Arc<Process>>,
    by_name: BTreeMap<String, Arc<Process>>,
    closed: bool,
}

impl Processes {
    fn new(creation: u64) -> Self {
        Processes {
            creation,
            table: Mutex::default(),
        }
    }

    /// Takes in a process, and its name if it has one.
    pub(crate) fn add(&self, process: &Arc<Process>) -> Result<(), StartError> {
        let mut table = self.table.lock().unwrap();
        if table.closed {
            return Err(StartError::Stopped);
        }
        if let Some(name) = &process.name {
            if table.by_name.contains_key(name) {
                return Err(StartError::NameTaken(name.clone()));
            }
            table.by_name.insert(name.clone(), process.clone());
        }
        table.by_serial.insert(process.serial, process.clone());
        Ok(())
    }

    pub(crate) fn remove(&self, process: &Process) {
        let mut table = self.table.lock().unwrap();
        table.by_serial.remove(&process.serial);
        if let Some(name) = &process.name {
            table.by_name.remove(name);
        }
    }

    pub(crate) fn find(&self, target: &Target) -> Option<Arc<Process>> {
        let table = self.table.lock().unwrap();
        match target {
            Target::Name(name) => table.by_name.get(name).cloned(),
            Target::Process(creation, serial) if *creation == self.creation => {
                table.by_serial.get(serial).cloned()
            }
            Target::Process(..) => None,
        }
    }

    fn named(&self) -> Vec<(String, usize)> {
        let table = self.table.lock().unwrap();
        table
            .by_name
            .iter()
            .map(|(name, process)| (name.clone(), process.unhandled.load(Ordering::Acquire)))
            .collect()
    }

    /// Accepts no further processes, and ends the existing ones.
    fn end_all(&self) -> Vec<Arc<Process>> {
        let mut table = self.table.lock().unwrap();
        table.closed = true;
        let all: Vec<_> = table.by_serial.values().cloned().collect();
        for process in &all {
            let _ = process.exit.send(ExitReason::Shutdown);
        }
        all
    }
}
