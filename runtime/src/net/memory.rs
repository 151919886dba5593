//! A simulated network: every node in one process, with virtual time, and any fault on demand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

use super::faults::{ConnectionId, EntryId, Event, Fate, FaultTable, FrameSeen};
use super::faults::{Held, Order, Record, Rule, RuleId};
use super::{Conn, ConnError, ConnReader, ConnWriter, DialError, ListenError};
use crate::name::NodeName;

/// How long a frame is under way.
const LATENCY: Duration = Duration::from_millis(1);

/// How many bytes may be under way in one direction of a connection before its writer waits, as
/// a full socket makes it wait.
const IN_FLIGHT: usize = 1 << 20;

/// Sees what happens on a network while it happens, for those that keep books of it. It is called while
/// the network is locked, and so must not ask it anything.
pub trait Observer: Send + Sync {
    /// A frame was sent, and this became of it.
    fn frame(&self, seen: &FrameSeen, body: &Bytes);
    /// A node closed a connection, and not the network.
    fn closed(&self, connection: ConnectionId, by: &NodeName, to: &NodeName);
}

/// A network in memory. Clones are handles on the same network.
///
/// With a paused clock (`#[tokio::test(start_paused = true)]`), time does not pass while any task can
/// run, and then jumps, so that hours pass in milliseconds. With the same seed, the same
/// program and a runtime of one thread, every run is the same run.
///
/// Frames in one direction of a connection stay in order, whatever is done to the network, unless
/// a rule holds one back.
///
/// ```
/// use runtime::{Cookie, MemoryNet, Net, Node, NodeConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let net = MemoryNet::new(7);
/// let config = |name: &str| {
///     let cookie = Cookie::from_text("secret").unwrap();
///     NodeConfig::new(name.parse().unwrap(), cookie, Net::Memory(net.clone()))
/// };
/// let (n1, n2) = (Node::start(config("n1@sim")).await?, Node::start(config("n2@sim")).await?);
/// net.partition(n1.name(), n2.name());
/// assert!(n1.connect(n2.name()).await.is_err());
/// net.heal_all();
/// n1.connect(n2.name()).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Not promised
/// What only an operating system does: buffers that fill, half-open sockets, threads that are not scheduled.
///
/// # Source
/// Deterministic simulation, as in FoundationDB: Zhou and others, *FoundationDB: A Distributed Unbundled
/// Transactional Key Value Store*, 2021.
#[derive(Clone)]
pub struct MemoryNet(Arc<Mutex<State>>);

struct State {
    latency: Duration,
    /// How much longer a frame may be under way, by chance.
    jitter: Duration,
    faults: FaultTable,
    observer: Option<Arc<dyn Observer>>,
    /// Nodes whose connections no fault touches and no record shows.
    exempt: BTreeSet<NodeName>,
    listening: BTreeMap<NodeName, Door>,
    next_door: u64,
    killed: BTreeSet<NodeName>,
    connections: BTreeMap<ConnectionId, Connection>,
    held: Held<HeldFrame>,
    /// Gives each node that starts its own seed.
    seeds: ChaCha8Rng,
    /// Decides about jitter.
    chance: ChaCha8Rng,
}

/// Where connections to a listening node arrive.
struct Door {
    number: u64,
    arrivals: mpsc::UnboundedSender<Conn>,
}

/// One end of a connection: 0 dialed, 1 was dialed.
type End = usize;

struct Connection {
    names: [NodeName; 2],
    /// No fault touches it, and no record shows it.
    exempt: bool,
    /// What each end sends.
    lanes: [Lane; 2],
    reader_open: [bool; 2],
    writer_open: [bool; 2],
}

/// One direction of a connection.
struct Lane {
    queue: VecDeque<Item>,
    bytes: usize,
    /// When the last thing in the queue arrives: nothing overtakes it.
    last: Instant,
    /// The sender knows that nobody reads any more.
    refused: bool,
    readable: Arc<Notify>,
    writable: Arc<Notify>,
}

struct Item {
    arrives: Instant,
    /// `None`: the sender closed.
    frame: Option<(Bytes, Option<EntryId>)>,
}

struct HeldFrame {
    connection: ConnectionId,
    end: End,
    body: Bytes,
    entry: EntryId,
}

impl fmt::Debug for MemoryNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryNet")
    }
}

impl MemoryNet {
    /// An empty network without faults; whatever is drawn by lot is drawn from `seed`.
    pub fn new(seed: u64) -> Self {
        MemoryNet(Arc::new(Mutex::new(State {
            latency: LATENCY,
            jitter: Duration::ZERO,
            faults: FaultTable::new(seed),
            observer: None,
            exempt: BTreeSet::new(),
            listening: BTreeMap::new(),
            next_door: 0,
            killed: BTreeSet::new(),
            connections: BTreeMap::new(),
            held: Held::default(),
            seeds: ChaCha8Rng::seed_from_u64(seed),
            chance: ChaCha8Rng::seed_from_u64(!seed),
        })))
    }

    /// Where the random numbers of the next node start.
    pub(crate) fn next_seed(&self) -> u64 {
        self.state().seeds.next_u64()
    }

    /// How long a frame is under way from now on; 1 ms unless set.
    pub fn set_latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// How much longer than the latency a frame may be under way from now on, by chance: then it is
    /// the seed that decides which of two frames on different connections arrives first.
    pub fn set_jitter(&self, jitter: Duration) {
        self.state().jitter = jitter;
    }

    /// Tells an observer all that happens from now on.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.state().observer = Some(observer);
    }

    /// From now on no fault touches the connections of this node, and no record shows them.
    pub fn exempt(&self, name: &NodeName) {
        self.state().exempt.insert(name.clone());
    }

    /// Whether something between two nodes keeps frames from one of them, in either direction.
    pub fn is_cut(&self, a: &NodeName, b: &NodeName) -> bool {
        self.state().faults.is_cut(a, b)
    }

    /// Whether a node of this name listens.
    pub fn is_listening(&self, name: &NodeName) -> bool {
        self.state().listening.contains_key(name)
    }

    /// How many frames are under way.
    pub fn in_flight(&self) -> usize {
        let connections = &self.state().connections;
        let lanes = connections.values().flat_map(|open| &open.lanes);
        lanes.map(|lane| lane.queue.len()).sum()
    }

    /// Cuts two nodes off from each other: connections between them close, what is under way is
    /// lost, and dials are refused.
    pub fn partition(&self, a: &NodeName, b: &NodeName) {
        let mut state = self.state();
        state.faults.partition(a, b);
        state.cut_between(a, b);
    }

    /// Cuts all nodes of one side off from all of the other.
    pub fn split(&self, one_side: &[NodeName], other_side: &[NodeName]) {
        for a in one_side {
            for b in other_side {
                self.partition(a, b);
            }
        }
    }

    /// Makes everything that goes from `from` to `to` vanish silently.
    pub fn blackhole(&self, from: &NodeName, to: &NodeName) {
        self.state().faults.blackhole(from, to);
    }

    /// Delays each frame from `from` to `to` by `base` and a random part of `jitter`.
    pub fn delay(&self, from: &NodeName, to: &NodeName, base: Duration, jitter: Duration) {
        self.state().faults.delay(from, to, base, jitter);
    }

    /// Ends partition, blackholes and delays between two nodes. Connections that lost something
    /// to a blackhole close.
    pub fn heal(&self, a: &NodeName, b: &NodeName) {
        let mut state = self.state();
        let broken = state.faults.heal(a, b);
        state.cut_all(broken);
    }

    /// Ends partitions, blackholes and delays between all nodes; rules stay.
    pub fn heal_all(&self) {
        let mut state = self.state();
        let broken = state.faults.heal_all();
        state.cut_all(broken);
    }

    /// Closes the connections between two nodes now; they may connect again.
    pub fn sever(&self, a: &NodeName, b: &NodeName) {
        let mut state = self.state();
        state
            .faults
            .record_mut()
            .note(format!("severed between {a} and {b}"));
        state.cut_between(a, b);
    }

    /// Ends a node for the network, as a killed process ends: its connections close (what it sent
    /// before still arrives), its name is free, and what its tasks may still do reaches nobody,
    /// until a node of that name listens again.
    pub fn kill(&self, name: &NodeName) {
        let mut state = self.state();
        state.faults.record_mut().note(format!("killed {name}"));
        state.killed.insert(name.clone());
        state.listening.remove(name);
        let ends: Vec<(ConnectionId, End)> = state
            .connections
            .iter()
            .flat_map(|(id, connection)| {
                (0..2)
                    .filter(|&end| connection.names[end] == *name)
                    .map(|end| (*id, end))
            })
            .collect();
        for (id, end) in ends {
            state.close_writer(id, end);
            state.close_reader(id, end);
        }
    }

    /// Adds a fault on single messages.
    pub fn add_rule(&self, rule: Rule) -> RuleId {
        self.state().faults.add_rule(rule)
    }

    /// Ends a rule, and says how often it acted. What it holds stays held until released.
    pub fn remove_rule(&self, rule: RuleId) -> usize {
        self.state().faults.remove_rule(rule)
    }

    /// How often a rule has acted.
    pub fn hits(&self, rule: RuleId) -> usize {
        self.state().faults.hits(rule)
    }

    /// How many frames a rule holds back.
    pub fn held(&self, rule: RuleId) -> usize {
        self.state().held.count(rule)
    }

    /// Lets the frames go that a rule has held back; those of closed connections are lost.
    ///
    /// Says how many those were.
    pub fn release(&self, rule: RuleId, order: &Order) -> usize {
        let mut state = self.state();
        let released = state.held.release(rule, order);
        let mut sent = 0;
        for HeldFrame {
            connection,
            end,
            body,
            entry,
        } in released
        {
            let latency = state.latency;
            if let Some(found) = state.connections.get_mut(&connection) {
                found.push(end, latency, Some((body, Some(entry))));
                sent += 1;
            }
        }
        state.faults.released(sent);
        sent
    }

    /// What happened so far.
    pub fn record(&self) -> Record {
        self.read(Record::clone)
    }

    /// Looks at what happened so far.
    pub fn read<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        look(self.state().faults.record())
    }

    /// Writes a line for people into the record.
    pub fn note(&self, text: impl Into<String>) {
        self.state().faults.record_mut().note(text);
    }

    pub(super) fn listen(&self, me: &NodeName) -> Result<MemoryListening, ListenError> {
        let mut state = self.state();
        if state.listening.contains_key(me) {
            return Err(ListenError::NameTaken(me.clone()));
        }
        let (arrivals, connections) = mpsc::unbounded_channel();
        let number = state.next_door;
        state.next_door += 1;
        state.killed.remove(me);
        state
            .listening
            .insert(me.clone(), Door { number, arrivals });
        Ok(MemoryListening {
            net: self.clone(),
            name: me.clone(),
            number,
            connections,
        })
    }

    pub(super) async fn dial(&self, me: &NodeName, to: &NodeName) -> Result<Conn, DialError> {
        let there_and_back = 2 * self.state().latency;
        sleep(there_and_back).await;
        let (ours, theirs, arrivals) = self.connect(me, to)?;
        // Sent without the lock: a connection that nobody takes is dropped, and closes itself.
        let _ = arrivals.send(theirs);
        Ok(ours)
    }

    fn connect(
        &self,
        me: &NodeName,
        to: &NodeName,
    ) -> Result<(Conn, Conn, mpsc::UnboundedSender<Conn>), DialError> {
        let mut state = self.state();
        if state.killed.contains(me) {
            return Err(DialError::Unreachable(format!("{me} was killed")));
        }
        let Some(door) = state.listening.get(to) else {
            return Err(DialError::NoSuchNode(to.clone()));
        };
        let arrivals = door.arrivals.clone();
        let exempt = state.exempt.contains(me) || state.exempt.contains(to);
        let id = match exempt {
            true => Some(state.faults.open_unseen()),
            false => state.faults.open(me, to),
        };
        let Some(id) = id else {
            return Err(DialError::Unreachable(format!(
                "the network between {me} and {to} is cut"
            )));
        };
        let connection = Connection {
            names: [me.clone(), to.clone()],
            exempt,
            lanes: [Lane::new(), Lane::new()],
            reader_open: [true; 2],
            writer_open: [true; 2],
        };
        let conns = [0, 1].map(|end| connection.conn(self, id, end));
        state.connections.insert(id, connection);
        let [ours, theirs] = conns;
        Ok((ours, theirs, arrivals))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn cut_between(&mut self, a: &NodeName, b: &NodeName) {
        let between = |names: &[NodeName; 2]| {
            (&names[0], &names[1]) == (a, b) || (&names[0], &names[1]) == (b, a)
        };
        let cut: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(_, connection)| between(&connection.names))
            .map(|(id, _)| *id)
            .collect();
        self.cut_all(cut);
    }

    /// Closes connections for both ends at once; what is under way is lost.
    fn cut_all(&mut self, connections: Vec<ConnectionId>) {
        for id in connections {
            if let Some(connection) = self.connections.remove(&id) {
                connection.lanes.iter().for_each(Lane::wake);
                self.faults.closed(id, None);
            }
        }
    }

    fn send(&mut self, id: ConnectionId, end: End, body: Bytes) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let jitter = match self.jitter.as_micros() as u64 {
            0 => Duration::ZERO,
            most => Duration::from_micros(self.chance.next_u64() % most),
        };
        let after = self.latency + jitter;
        if connection.exempt {
            return connection.push(end, after, Some((body, None)));
        }
        let (from, to) = (&connection.names[end], &connection.names[1 - end]);
        let judgment = self.faults.judge(id, from, to, &body);
        if let (Some(observer), Some(Event::Frame(seen))) =
            (&self.observer, self.faults.record().last())
        {
            observer.frame(seen, &body);
        }
        let after = after + judgment.delay;
        let entry = Some(judgment.entry);
        match judgment.fate {
            Fate::Drop | Fate::Swallow => {}
            Fate::Deliver => connection.push(end, after, Some((body, entry))),
            Fate::Duplicate => {
                connection.push(end, after, Some((body.clone(), entry)));
                connection.push(end, after, Some((body, entry)));
            }
            Fate::Hold(rule) => self.held.keep(
                rule,
                HeldFrame {
                    connection: id,
                    end,
                    body,
                    entry: judgment.entry,
                },
            ),
        }
    }

    fn close_writer(&mut self, id: ConnectionId, end: End) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if !std::mem::take(&mut connection.writer_open[end]) {
            return;
        }
        let (from, to) = (&connection.names[end], &connection.names[1 - end]);
        if connection.writer_open[1 - end] && !connection.exempt {
            self.faults.closed(id, Some(from));
            if let Some(observer) = &self.observer {
                observer.closed(id, from, to);
            }
        }
        if connection.exempt || self.faults.passes_close(id, from, to) {
            connection.push(end, self.latency, None);
        }
        connection.lanes[end].writable.notify_one();
        self.closed_end(id, end);
    }

    fn close_reader(&mut self, id: ConnectionId, end: End) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        connection.reader_open[end] = false;
        let lane = &mut connection.lanes[1 - end];
        lane.queue.clear();
        lane.bytes = 0;
        lane.wake();
        self.closed_end(id, end);
    }

    /// When an end has dropped both halves, the other end may no longer send, if it can know.
    fn closed_end(&mut self, id: ConnectionId, end: End) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.reader_open[end] || connection.writer_open[end] {
            return;
        }
        let (from, to) = (&connection.names[end], &connection.names[1 - end]);
        if connection.exempt || self.faults.passes_close(id, from, to) {
            let lane = &mut connection.lanes[1 - end];
            lane.refused = true;
            lane.wake();
        }
        if connection.reader_open == [false; 2] && connection.writer_open == [false; 2] {
            self.connections.remove(&id);
        }
    }
}

impl Connection {
    fn conn(&self, net: &MemoryNet, id: ConnectionId, end: End) -> Conn {
        let reader = MemoryReader {
            net: net.clone(),
            id,
            end,
            readable: self.lanes[1 - end].readable.clone(),
            limit: super::frames::LIMIT_BEFORE_TRUST,
        };
        let writer = MemoryWriter {
            net: net.clone(),
            id,
            end,
            writable: self.lanes[end].writable.clone(),
            partial: BytesMut::new(),
        };
        Conn {
            reader: ConnReader::Memory(reader),
            writer: ConnWriter::Memory(writer),
        }
    }

    /// Puts something under way, behind all that is under way already.
    fn push(&mut self, end: End, after: Duration, frame: Option<(Bytes, Option<EntryId>)>) {
        if !self.reader_open[1 - end] {
            return;
        }
        let lane = &mut self.lanes[end];
        lane.last = lane.last.max(Instant::now() + after);
        lane.bytes += frame.as_ref().map_or(0, |(body, _)| body.len());
        lane.queue.push_back(Item {
            arrives: lane.last,
            frame,
        });
        lane.readable.notify_one();
    }
}

impl Lane {
    fn new() -> Self {
        Lane {
            queue: VecDeque::new(),
            bytes: 0,
            last: Instant::now(),
            refused: false,
            readable: Arc::new(Notify::new()),
            writable: Arc::new(Notify::new()),
        }
    }

    fn wake(&self) {
        self.readable.notify_one();
        self.writable.notify_one();
    }
}

/// A taken name on the simulated network.
pub(crate) struct MemoryListening {
    net: MemoryNet,
    name: NodeName,
    number: u64,
    connections: mpsc::UnboundedReceiver<Conn>,
}

impl MemoryListening {
    pub(super) async fn accept(&mut self) -> Conn {
        match self.connections.recv().await {
            Some(conn) => conn,
            // The node was killed: nobody will ever come.
            None => std::future::pending().await,
        }
    }
}

impl Drop for MemoryListening {
    fn drop(&mut self) {
        let mut state = self.net.state();
        if state
            .listening
            .get(&self.name)
            .is_some_and(|door| door.number == self.number)
        {
            state.listening.remove(&self.name);
        }
    }
}

/// The receiving half of a simulated connection.
pub(crate) struct MemoryReader {
    net: MemoryNet,
    id: ConnectionId,
    end: End,
    readable: Arc<Notify>,
    limit: usize,
}

enum Next {
    Now(Result<Bytes, ConnError>),
    At(Instant),
    Unknown,
}

impl MemoryReader {
    pub(super) async fn recv(&mut self) -> Result<Bytes, ConnError> {
        loop {
            match self.next() {
                Next::Now(result) => return result,
                Next::At(arrives) => {
                    tokio::select! {
                        biased;
                        () = self.readable.notified() => {}
                        () = sleep_until(arrives) => {}
                    }
                }
                Next::Unknown => self.readable.notified().await,
            }
        }
    }

    pub(super) fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    pub(super) fn peer(&self) -> String {
        let state = self.net.state();
        state.connections.get(&self.id).map_or_else(
            || "memory".into(),
            |found| found.names[1 - self.end].to_string(),
        )
    }

    fn next(&mut self) -> Next {
        let mut state = self.net.state();
        let State {
            connections,
            faults,
            ..
        } = &mut *state;
        let Some(connection) = connections.get_mut(&self.id) else {
            return Next::Now(Err(ConnError::Closed));
        };
        if !connection.reader_open[self.end] {
            return Next::Now(Err(ConnError::Closed));
        }
        let lane = &mut connection.lanes[1 - self.end];
        match lane.queue.front() {
            None => Next::Unknown,
            Some(item) if item.arrives > Instant::now() => Next::At(item.arrives),
            Some(Item { frame: None, .. }) => Next::Now(Err(ConnError::Closed)),
            Some(Item {
                frame: Some((body, _)),
                ..
            }) if body.len() > self.limit => Next::Now(Err(ConnError::TooLong {
                announced: body.len(),
                limit: self.limit,
            })),
            Some(_) => {
                let Some(Item {
                    frame: Some((body, entry)),
                    ..
                }) = lane.queue.pop_front()
                else {
                    return Next::Unknown;
                };
                lane.bytes -= body.len();
                lane.writable.notify_one();
                if let Some(entry) = entry {
                    faults.delivered(entry);
                }
                Next::Now(Ok(body))
            }
        }
    }
}

impl Drop for MemoryReader {
    fn drop(&mut self) {
        self.net.state().close_reader(self.id, self.end);
    }
}

/// The sending half of a simulated connection.
pub(crate) struct MemoryWriter {
    net: MemoryNet,
    id: ConnectionId,
    end: End,
    writable: Arc<Notify>,
    /// The beginning of a frame that is not whole yet.
    partial: BytesMut,
}

impl MemoryWriter {
    pub(super) async fn send(&mut self, batch: impl Buf) -> Result<(), ConnError> {
        loop {
            {
                let mut state = self.net.state();
                let Some(connection) = state.connections.get(&self.id) else {
                    return Err(ConnError::Closed);
                };
                let lane = &connection.lanes[self.end];
                if lane.refused || !connection.writer_open[self.end] {
                    return Err(ConnError::Closed);
                }
                if lane.bytes < IN_FLIGHT {
                    self.partial.put(batch);
                    while let Some(body) = whole_frame(&mut self.partial) {
                        state.send(self.id, self.end, body);
                    }
                    return Ok(());
                }
            }
            self.writable.notified().await;
        }
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.net.state().close_writer(self.id, self.end);
    }
}

/// Takes the first frame off a batch, if it is there whole.
fn whole_frame(batch: &mut BytesMut) -> Option<Bytes> {
    let length = u32::from_be_bytes(*batch.first_chunk()?) as usize;
    if batch.len() - 4 < length {
        return None;
    }
    let _prefix = batch.split_to(4);
    Some(batch.split_to(length).freeze())
}

#[cfg(test)]
mod tests;
