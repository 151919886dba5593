//! Nodes in this process, in virtual time: a scenario that takes a minute of waiting takes a
//! millisecond, and the same seed gives the same run.
//!
//! Everything shares one runtime of one thread with a paused clock: time does not pass while
//! anything can be done, and then jumps to the next timer. The [network in
//! memory](runtime::MemoryNet) has the faults and the record of the real one. A node is paused by
//! not polling its tasks, and killed by dropping them: see [`Gate`]. What a program does past the
//! runtime (threads, sockets, the clock on the wall, tasks of its own) is not simulated: `watchdog`
//! finds it.

mod driver;
mod store;
mod watchdog;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use runtime::gate::{Streams, begin_virtual_time};
use runtime::net::faults::{ConnectionId, FrameSeen, Kind, Order, Record, Rule, RuleId};
use runtime::net::{MemoryNet, Observer};
use runtime::{Address, Cookie, Gate, Net, Node, NodeConfig, NodeName, StartError, SupervisorMsg};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::cluster::lock;
use crate::guard::{self, Ending};
use crate::network::{Books, HANDSHAKE, Network, Payloads};
use crate::processes::Busy;
use crate::ready::NotReady;
use crate::seed::Draw;
use crate::trouble::{Result, While};
use crate::world::{Launch, Process, Stream, Waiting, World};
pub use driver::{FOLDER, OWN_FOLDER, STOOD_STILL, Schedule, Stage, flags, main, simulate};
pub(crate) use store::StoreInMemory;
use watchdog::Watched;

/// How long a frame is under way at least, and how much longer it may be by chance.
const LATENCY: Duration = Duration::from_micros(200);
const JITTER: Duration = Duration::from_micros(800);

/// What a program that is started on a node becomes: its supervisor, or why it did not start.
pub type Started =
    Pin<Box<dyn Future<Output = std::result::Result<Address<SupervisorMsg>, StartError>> + Send>>;

/// What all simulated clusters of a run have in common: the program of their nodes.
#[derive(Clone)]
pub struct Simulation {
    program: Program,
    chance: Arc<Mutex<Draw>>,
}

/// Starts the program of a node, which is given these flags besides those of every node.
pub type Program = Arc<dyn Fn(Node, Vec<String>) -> Started + Send + Sync>;

impl Simulation {
    /// For nodes that run this program, with chances that follow from a seed.
    pub fn of(program: Program, seed: u64) -> Simulation {
        Simulation {
            program,
            chance: Arc::new(Mutex::new(Draw::new(seed, "chance"))),
        }
    }

    /// A number by chance.
    pub(crate) fn chance(&self) -> u64 {
        lock(&self.chance).number(0..=u64::MAX)
    }

    pub(crate) fn world(&self, seed: u64) -> Result<InVirtualTime> {
        let net = MemoryNet::new(seed);
        net.set_latency(LATENCY);
        net.set_jitter(JITTER);
        let seen = Arc::new(Seen::default());
        net.observe(Arc::clone(&seen) as Arc<dyn Observer>);
        let written = Written::default();
        written.listen();
        begin_virtual_time();
        Ok(InVirtualTime {
            program: Arc::clone(&self.program),
            // Nobody else can reach this network.
            cookie: Cookie::from_text("simulated").or_trouble(|| "make a cookie")?,
            network: InMemory { net, seen },
            written,
            streams: Streams::default(),
            nodes: Mutex::default(),
        })
    }
}

/// The world of one simulated cluster.
pub(crate) struct InVirtualTime {
    program: Program,
    cookie: Cookie,
    network: InMemory,
    written: Written,
    streams: Streams,
    /// The tasks of all nodes; they end with the world.
    nodes: Mutex<JoinSet<()>>,
}

impl World for InVirtualTime {
    fn network(&self) -> &dyn Network {
        &self.network
    }

    fn hidden(&self, name: NodeName, tick_time: Duration) -> Waiting<'_, Result<Node>> {
        let net = self.network.net.clone();
        if name == crate::cluster::manager() {
            net.exempt(&name);
        }
        let mut config = NodeConfig::new(name, self.cookie.clone(), Net::Memory(net));
        config.hidden = true;
        config.tick_time = tick_time;
        Box::pin(async {
            Node::start(config)
                .await
                .or_trouble(|| "start the checker's own node in the cluster")
        })
    }

    fn launch(&self, launch: Launch<'_>) -> Result<Arc<dyn Process>> {
        let name = launch.name.clone();
        let streams = self.streams.clone();
        let gate = Gate::new(name.as_str(), launch.scratch, streams, Watched::at_work());
        let net = Net::Memory(self.network.net.clone());
        let mut config = NodeConfig::new(name.clone(), self.cookie.clone(), net);
        config.tick_time = launch.options.tick_time;
        config.call_timeout = launch.options.call_timeout;
        config.seed = Some(launch.seed);
        config.gate = Some(gate.clone());
        let (stage, stages) = watch::channel(Life::Starting);
        let (program, written) = (Arc::clone(&self.program), self.written.clone());
        let flags = launch.flags;
        let life = async move {
            let why = match live(config, &program, flags, &stage).await {
                Ok(()) => return,
                Err(why) => why,
            };
            written.line(name.as_str(), why);
            stage.send_replace(Life::Ended(Ending::Code(1)));
        };
        gate.spawn(&mut lock(&self.nodes), life);
        Ok(Arc::new(SimulatedProcess {
            name: launch.name.clone(),
            gate,
            stages,
            killed: Mutex::default(),
            written: self.written.clone(),
        }))
    }

    fn stood_still_since(&self, _: Instant) -> Duration {
        Duration::ZERO
    }

    fn crowded_out(&self) -> Option<Busy> {
        None
    }

    fn busiest(&self) -> Option<Busy> {
        None
    }

    fn connect(&self, port: u16) -> Waiting<'_, io::Result<Box<dyn Stream>>> {
        let stream = self.streams.connect(port);
        Box::pin(async { Ok(Box::new(stream?) as Box<dyn Stream>) })
    }

    fn streams(&self) -> Option<&Streams> {
        Some(&self.streams)
    }

    fn lines(&self, node: &NodeName) -> Vec<(u64, guard::Stream, String)> {
        let lines = lock(&self.written.0);
        let own = lines.get(node.as_str()).into_iter().flatten();
        own.map(|(at, line)| (*at, guard::Stream::Stderr, line.clone()))
            .collect()
    }
}

/// The life of a node, as `runtime::launch` leads it. Ends when its program has, and says why.
async fn live(
    config: NodeConfig,
    program: &Program,
    flags: Vec<String>,
    stage: &watch::Sender<Life>,
) -> std::result::Result<(), String> {
    let name = config.name.clone();
    let node = Node::start(config)
        .await
        .map_err(|error| format!("the node did not start: {error}"))?;
    let root = program(node.clone(), flags)
        .await
        .map_err(|error| format!("the program of {name} did not start: {error}"))?;
    stage.send_replace(Life::Ready);
    node.ended(&root).await;
    Err(format!("the program of {name} has ended"))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Life {
    Starting,
    Ready,
    Ended(Ending),
}

struct SimulatedProcess {
    name: NodeName,
    gate: Gate,
    stages: watch::Receiver<Life>,
    killed: Mutex<bool>,
    written: Written,
}

impl Process for SimulatedProcess {
    fn ready(&self, within: Duration) -> Waiting<'_, std::result::Result<(), NotReady>> {
        let mut stages = self.stages.clone();
        Box::pin(async move {
            let started = stages.wait_for(|stage| *stage != Life::Starting);
            match timeout(within, started).await {
                Ok(Ok(stage)) => match &*stage {
                    Life::Ended(how) => Err(NotReady::Ended(how.clone())),
                    _ => Ok(()),
                },
                // The task ended without a word: it was killed.
                Ok(Err(_)) => Err(NotReady::Ended(Ending::Signal(9))),
                Err(_) => Err(NotReady::TooLate(within)),
            }
        })
    }

    fn kill(&self) -> Waiting<'_, Result<()>> {
        self.gate.shut();
        *lock(&self.killed) = true;
        Box::pin(async {
            // The tasks are dropped when they are next looked at.
            tokio::task::yield_now().await;
            Ok(())
        })
    }

    fn pause(&self) -> Waiting<'_, Result<()>> {
        self.gate.hold();
        Box::pin(async { Ok(()) })
    }

    fn resume(&self) -> Waiting<'_, Result<()>> {
        self.gate.open();
        Box::pin(async { Ok(()) })
    }

    fn ending(&self) -> Option<Ending> {
        if *lock(&self.killed) {
            return Some(Ending::Signal(9));
        }
        match &*self.stages.borrow() {
            Life::Ended(how) => Some(how.clone()),
            _ => None,
        }
    }

    fn last_stderr_lines(&self, count: usize) -> Vec<String> {
        let lines = lock(&self.written.0);
        let own = lines.get(self.name.as_str()).into_iter().flatten();
        let own: Vec<&(u64, String)> = own.collect();
        let last = own[own.len().saturating_sub(count)..].iter();
        last.map(|(_, line)| line.clone()).collect()
    }
}

/// What the nodes of a cluster wrote, by name: when, in microseconds since the cluster began.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Lines>>);

type Lines = BTreeMap<String, Vec<(u64, String)>>;

thread_local! {
    /// Where the nodes of the cluster that this thread simulates write, and when it began.
    static LISTENING: RefCell<Option<(Written, Instant)>> = const { RefCell::new(None) };
}

impl Written {
    /// From now on, what nodes write on this thread comes here.
    fn listen(&self) {
        LISTENING.set(Some((self.clone(), Instant::now())));
    }

    fn line(&self, node: &str, line: String) {
        let begun = LISTENING.with_borrow(|listening| listening.as_ref().map(|of| of.1));
        let at = begun.map_or(0, |begun| begun.elapsed().as_micros() as u64);
        let mut lines = lock(&self.0);
        lines.entry(node.to_owned()).or_default().push((at, line));
    }
}

/// Writes a line for the node whose task runs on this thread. Says whether there is one.
pub fn write(line: String) -> bool {
    let Some(gate) = Gate::current() else {
        return false;
    };
    let Some(written) = LISTENING.with_borrow(|of| of.as_ref().map(|of| of.0.clone())) else {
        return false;
    };
    written.line(gate.name(), line);
    true
}

/// The network in memory, and what is known of it besides.
struct InMemory {
    net: MemoryNet,
    seen: Arc<Seen>,
}

/// Keeps books of a network in memory.
#[derive(Default)]
struct Seen(Mutex<Ledger>);

#[derive(Default)]
struct Ledger {
    books: Books,
    /// How many frames each end of a connection has sent.
    frames: BTreeMap<(ConnectionId, NodeName), usize>,
    /// Connections that were closed on purpose.
    goodbyes: Vec<ConnectionId>,
}

impl Observer for Seen {
    fn frame(&self, seen: &FrameSeen, body: &Bytes) {
        let mut ledger = lock(&self.0);
        ledger.books.frame(seen, body);
        let end = (seen.connection, seen.from.clone());
        *ledger.frames.entry(end).or_default() += 1;
        if seen.kind == Kind::Goodbye {
            ledger.goodbyes.push(seen.connection);
        }
    }

    fn closed(&self, connection: ConnectionId, by: &NodeName, to: &NodeName) {
        let mut ledger = lock(&self.0);
        let mut sent = [by, to].map(|end| {
            let end = (connection, end.clone());
            ledger.frames.remove(&end).unwrap_or_default()
        });
        sent.sort_unstable();
        if sent[1] > HANDSHAKE && !ledger.goodbyes.contains(&connection) {
            ledger.books.lost(by, to);
        }
    }
}

impl Network for InMemory {
    fn partition(&self, a: &NodeName, b: &NodeName) {
        lock(&self.seen.0).books.excuse(a, b);
        self.net.partition(a, b);
    }

    fn blackhole(&self, from: &NodeName, to: &NodeName) {
        lock(&self.seen.0).books.excuse(from, to);
        self.net.blackhole(from, to);
    }

    fn delay(&self, from: &NodeName, to: &NodeName, base: Duration, jitter: Duration) {
        self.net.delay(from, to, base, jitter);
    }

    fn heal(&self, a: &NodeName, b: &NodeName) {
        self.net.heal(a, b);
    }

    fn heal_all(&self) {
        self.net.heal_all();
    }

    fn is_cut(&self, a: &NodeName, b: &NodeName) -> bool {
        self.net.is_cut(a, b)
    }

    fn add_rule(&self, rule: Rule) -> RuleId {
        self.net.add_rule(rule)
    }

    fn remove_rule(&self, rule: RuleId) -> usize {
        self.net.remove_rule(rule)
    }

    fn hits(&self, rule: RuleId) -> usize {
        self.net.hits(rule)
    }

    fn held(&self, rule: RuleId) -> usize {
        self.net.held(rule)
    }

    fn release(&self, rule: RuleId, order: &Order) -> usize {
        self.net.release(rule, order)
    }

    fn is_registered(&self, name: &NodeName) -> bool {
        self.net.is_listening(name)
    }

    fn in_flight(&self) -> usize {
        self.net.in_flight()
    }

    fn note(&self, text: &str) -> u64 {
        self.net.note(text);
        self.net
            .read(|record| record.forgotten() + record.entries().len() as u64 - 1)
    }

    fn look(&self, look: &mut dyn FnMut(&Record, &Payloads)) {
        self.net
            .read(|record| look(record, &lock(&self.seen.0).books.payloads));
    }

    fn open_books(&self, look: &mut dyn FnMut(&mut Books)) {
        look(&mut lock(&self.seen.0).books);
    }
}
