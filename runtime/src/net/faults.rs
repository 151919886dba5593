//! What can be done to a network on purpose.
//!
//! One table of faults serves the simulated network and the one that the grader puts between real
//! processes. It decides and records; the network carries out. Faults know senders and receivers
//! of frames, not who dialled, and never the contents of a handshake.
//!
//! Two kinds of faults must not be confused. Those on *links* (partition, blackhole, delay) are
//! what networks do. Those on *single messages* (drop, duplicate, hold) are not: TCP loses nothing
//! in the middle of a connection. They stand for what happens to messages around crashes and
//! reconnects, at the place where a test wants it. That is why they touch casts, calls and answers
//! only, and never the runtime's own frames, which may rely on TCP.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ciborium::Value;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

pub use super::record::{Entry, EntryId, Event, Fate, FrameSeen, Kind, Record};
use crate::name::NodeName;
use crate::wire::{self, Header, Target};

/// How many calls without an answer are remembered, to tell whose answer an answer is.
const CALLS: usize = 65_536;

/// Names a connection within one network and one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ConnectionId(u64);

/// Names a rule within one fault table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RuleId(u64);

/// Which messages a rule is about. Everything that is given must fit.
#[derive(Clone, Default)]
pub struct Pattern {
    /// Casts, calls, answers, or any of them.
    pub kind: PatternKind,
    /// The name of the server that gets the message, or whose answer it is.
    pub server: Option<String>,
    /// The variant of the message (`"SendPing"`); for an answer, of the message it answers.
    pub message: Option<String>,
    /// A closer look at the message, or at the value of the answer.
    pub matching: Option<Arc<Matching>>,
}

/// A closer look at a message.
pub type Matching = dyn Fn(&Value) -> bool + Send + Sync;

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pattern {
            kind,
            server,
            message,
            matching,
        } = self;
        write!(
            f,
            "{kind:?} {} {}",
            server.as_deref().unwrap_or("*"),
            message.as_deref().unwrap_or("*")
        )?;
        if matching.is_some() {
            f.write_str(" if …")
        } else {
            Ok(())
        }
    }
}

/// Kinds of messages that rules tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PatternKind {
    /// Messages without an answer.
    Cast,
    /// Messages with an answer.
    Call,
    /// Answers, and the news that a call has none.
    Answer,
    /// All of these.
    #[default]
    Any,
}

/// What a rule does to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It never arrives.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It waits until the rule is released, while what follows it passes by.
    Hold,
}

/// A fault on single messages: "drop the third `Finished` from n2".
#[derive(Clone, Debug)]
pub struct Rule {
    /// Only what this node sends.
    pub from: Option<NodeName>,
    /// Only what this node gets.
    pub to: Option<NodeName>,
    /// Which messages.
    pub pattern: Pattern,
    /// How many of them pass before the rule acts.
    pub skip: usize,
    /// How often it then acts.
    pub times: usize,
    /// What it does.
    pub action: Action,
}

impl Rule {
    /// Acts once, on the first message of any kind between any nodes; narrow it down.
    pub fn new(action: Action) -> Self {
        Rule {
            from: None,
            to: None,
            pattern: Pattern::default(),
            skip: 0,
            times: 1,
            action,
        }
    }

    /// Only what this node sends.
    #[must_use]
    pub fn from(self, node: &NodeName) -> Self {
        Rule {
            from: Some(node.clone()),
            ..self
        }
    }

    /// Only what this node gets.
    #[must_use]
    pub fn to(self, node: &NodeName) -> Self {
        Rule {
            to: Some(node.clone()),
            ..self
        }
    }

    /// Only this kind.
    #[must_use]
    pub fn kind(mut self, kind: PatternKind) -> Self {
        self.pattern.kind = kind;
        self
    }

    /// Only to (or answers of) the server of this name.
    #[must_use]
    pub fn server(mut self, name: &str) -> Self {
        self.pattern.server = Some(name.into());
        self
    }

    /// Only this variant of a message, or answers to it.
    #[must_use]
    pub fn message(mut self, variant: &str) -> Self {
        self.pattern.message = Some(variant.into());
        self
    }

    /// Only what passes this closer look.
    #[must_use]
    pub fn matching(mut self, look: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.pattern.matching = Some(Arc::new(look));
        self
    }

    /// Lets so many pass before it acts.
    #[must_use]
    pub fn skip(self, messages: usize) -> Self {
        Rule {
            skip: messages,
            ..self
        }
    }

    /// Acts so often; `usize::MAX` is "always".
    #[must_use]
    pub fn times(self, messages: usize) -> Self {
        Rule {
            times: messages,
            ..self
        }
    }

    fn is_about(&self, from: &NodeName, to: &NodeName, seen: &Seen) -> bool {
        let kind = match self.pattern.kind {
            PatternKind::Cast => seen.kind == Kind::Cast,
            PatternKind::Call => seen.kind == Kind::Call,
            PatternKind::Answer => matches!(seen.kind, Kind::Answer | Kind::NoAnswer),
            PatternKind::Any => true,
        };
        kind && self.from.as_ref().is_none_or(|node| node == from)
            && self.to.as_ref().is_none_or(|node| node == to)
            && self
                .pattern
                .server
                .as_ref()
                .is_none_or(|name| seen.server.as_ref() == Some(name))
            && self
                .pattern
                .message
                .as_ref()
                .is_none_or(|name| seen.message.as_ref() == Some(name))
            && self
                .pattern
                .matching
                .as_ref()
                .is_none_or(|look| wire::decode(&seen.payload).is_ok_and(|value| look(&value)))
    }
}

/// What the network has to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// Whether, and how often, it arrives.
    pub fate: Fate,
    /// How much later than usual. What is sent after it must not overtake it.
    pub delay: Duration,
    /// Its place in the record, for [`FaultTable::delivered`].
    pub entry: EntryId,
}

/// The faults of a network, and the record of what happened on it.
#[derive(Debug)]
pub struct FaultTable {
    random: ChaCha8Rng,
    record: Record,
    connections: u64,
    partitions: BTreeSet<(NodeName, NodeName)>,
    blackholes: BTreeSet<(NodeName, NodeName)>,
    delays: BTreeMap<(NodeName, NodeName), (Duration, Duration)>,
    rules: BTreeMap<RuleId, Tally>,
    next_rule: u64,
    swallowed: BTreeMap<ConnectionId, BTreeSet<(NodeName, NodeName)>>,
    calls: Calls,
}

#[derive(Debug)]
struct Tally {
    rule: Rule,
    seen: usize,
    hits: usize,
}

impl FaultTable {
    /// No faults; whatever is drawn by lot is drawn from `seed`.
    pub fn new(seed: u64) -> Self {
        FaultTable {
            random: ChaCha8Rng::seed_from_u64(seed),
            record: Record::new(),
            connections: 0,
            partitions: BTreeSet::new(),
            blackholes: BTreeSet::new(),
            delays: BTreeMap::new(),
            rules: BTreeMap::new(),
            next_rule: 0,
            swallowed: BTreeMap::new(),
            calls: Calls::default(),
        }
    }

    /// Cuts two nodes off from each other. The network closes the connections between them, so
    /// that both see it at once, and refuses new ones.
    pub fn partition(&mut self, a: &NodeName, b: &NodeName) {
        self.record.note(format!("partition between {a} and {b}"));
        self.partitions.insert(unordered(a, b));
    }

    /// Whether two nodes are cut off from each other.
    pub fn is_partitioned(&self, a: &NodeName, b: &NodeName) -> bool {
        !self.partitions.is_empty() && self.partitions.contains(&unordered(a, b))
    }

    /// Lets everything vanish in silence that goes from `from` to `to`: frames, and also the
    /// closing of a connection. The other direction still works.
    pub fn blackhole(&mut self, from: &NodeName, to: &NodeName) {
        self.record.note(format!("blackhole from {from} to {to}"));
        self.blackholes.insert((from.clone(), to.clone()));
    }

    /// Whether what goes from `from` to `to` vanishes in silence.
    pub fn is_blackhole(&self, from: &NodeName, to: &NodeName) -> bool {
        !self.blackholes.is_empty() && self.blackholes.contains(&(from.clone(), to.clone()))
    }

    /// Delays what goes from `from` to `to`: each frame by `base` and a random part of `jitter`,
    /// in order nevertheless.
    pub fn delay(&mut self, from: &NodeName, to: &NodeName, base: Duration, jitter: Duration) {
        self.record.note(format!(
            "delay of {base:?}, jitter {jitter:?}, from {from} to {to}"
        ));
        self.delays
            .insert((from.clone(), to.clone()), (base, jitter));
    }

    /// Ends partition, blackholes and delays between two nodes. The network must close the
    /// connections returned: they lost bytes, and no TCP connection loses bytes and lives.
    #[must_use]
    pub fn heal(&mut self, a: &NodeName, b: &NodeName) -> Vec<ConnectionId> {
        self.record.note(format!("healed between {a} and {b}"));
        self.partitions.remove(&unordered(a, b));
        let directions = [(a.clone(), b.clone()), (b.clone(), a.clone())];
        for direction in &directions {
            self.blackholes.remove(direction);
            self.delays.remove(direction);
        }
        let broken =
            |lost: &BTreeSet<_>| directions.iter().any(|direction| lost.contains(direction));
        self.swallowed
            .extract_if(.., |_, lost| broken(lost))
            .map(|(connection, _)| connection)
            .collect()
    }

    /// Ends all partitions, blackholes and delays; rules stay. The network must close the
    /// connections returned.
    #[must_use]
    pub fn heal_all(&mut self) -> Vec<ConnectionId> {
        self.record.note("healed everywhere");
        self.partitions.clear();
        self.blackholes.clear();
        self.delays.clear();
        std::mem::take(&mut self.swallowed).into_keys().collect()
    }

    /// Adds a fault on single messages. Older rules come first; a message that one of them acts
    /// on is not seen by younger ones.
    pub fn add_rule(&mut self, rule: Rule) -> RuleId {
        let id = RuleId(self.next_rule);
        self.next_rule += 1;
        self.record.note(format!("rule {}: {rule:?}", id.0));
        self.rules.insert(
            id,
            Tally {
                rule,
                seen: 0,
                hits: 0,
            },
        );
        id
    }

    /// Ends a rule; what it holds stays held until it is released. Says how often it acted.
    pub fn remove_rule(&mut self, id: RuleId) -> usize {
        let hits = self.rules.remove(&id).map_or(0, |tally| tally.hits);
        self.record
            .note(format!("rule {} ended after {hits} hits", id.0));
        hits
    }

    /// How often a rule has acted.
    pub fn hits(&self, id: RuleId) -> usize {
        self.rules.get(&id).map_or(0, |tally| tally.hits)
    }

    /// What happened so far.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// For notes, and to bound its size.
    pub fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }

    /// The network asks: may `from` connect to `to`? It gets the new connection's name, or `None`
    /// if a partition is between them.
    pub fn open(&mut self, from: &NodeName, to: &NodeName) -> Option<ConnectionId> {
        if self.is_partitioned(from, to) {
            self.record.push(Event::Refused {
                from: from.clone(),
                to: to.clone(),
            });
            return None;
        }
        let connection = ConnectionId(self.connections);
        self.connections += 1;
        self.record.push(Event::Opened {
            connection,
            from: from.clone(),
            to: to.clone(),
        });
        Some(connection)
    }

    /// The network reports: a connection was closed, by a node or (`None`) by the network.
    pub fn closed(&mut self, connection: ConnectionId, by: Option<&NodeName>) {
        self.record.push(Event::Closed {
            connection,
            by: by.cloned(),
        });
    }

    /// The network asks: may `to` learn that `from` closed the connection? If not, that is one
    /// more thing that was swallowed.
    pub fn passes_close(
        &mut self,
        connection: ConnectionId,
        from: &NodeName,
        to: &NodeName,
    ) -> bool {
        let lost = self.is_blackhole(from, to);
        if lost {
            self.swallow(connection, from, to);
        }
        !lost
    }

    /// The network asks: what becomes of this frame (without its length prefix)?
    pub fn judge(
        &mut self,
        connection: ConnectionId,
        from: &NodeName,
        to: &NodeName,
        body: &Bytes,
    ) -> Judgement {
        let seen = self.identify(from, to, body);
        let fate = self.decide(connection, from, to, &seen);
        let delay = self.draw_delay(from, to);
        let entry = self.record.push(Event::Frame(FrameSeen {
            connection,
            from: from.clone(),
            to: to.clone(),
            kind: seen.kind,
            server: seen.server,
            message: seen.message,
            call: seen.call,
            clock: seen.clock,
            bytes: body.len(),
            fate,
            delivered_at: None,
        }));
        Judgement { fate, delay, entry }
    }

    /// The network reports: a frame was handed to its receiver.
    pub fn delivered(&mut self, entry: EntryId) {
        self.record.delivered(entry);
    }

    fn decide(
        &mut self,
        connection: ConnectionId,
        from: &NodeName,
        to: &NodeName,
        seen: &Seen,
    ) -> Fate {
        if self.is_partitioned(from, to) {
            return Fate::Drop;
        }
        if self.is_blackhole(from, to) {
            self.swallow(connection, from, to);
            return Fate::Swallow;
        }
        if seen.is_bookkeeping {
            return Fate::Deliver;
        }
        for (id, tally) in &mut self.rules {
            if !tally.rule.is_about(from, to, seen) {
                continue;
            }
            tally.seen += 1;
            if tally.seen > tally.rule.skip && tally.hits < tally.rule.times {
                tally.hits += 1;
                return match tally.rule.action {
                    Action::Drop => Fate::Drop,
                    Action::Duplicate => Fate::Duplicate,
                    Action::Hold => Fate::Hold(*id),
                };
            }
        }
        Fate::Deliver
    }

    fn draw_delay(&mut self, from: &NodeName, to: &NodeName) -> Duration {
        if self.delays.is_empty() {
            return Duration::ZERO;
        }
        let Some((base, jitter)) = self.delays.get(&(from.clone(), to.clone())) else {
            return Duration::ZERO;
        };
        let span = u64::try_from(jitter.as_micros()).unwrap_or(u64::MAX - 1) + 1;
        *base + Duration::from_micros(self.random.next_u64() % span)
    }

    fn swallow(&mut self, connection: ConnectionId, from: &NodeName, to: &NodeName) {
        self.swallowed
            .entry(connection)
            .or_default()
            .insert((from.clone(), to.clone()));
    }

    fn identify(&mut self, from: &NodeName, to: &NodeName, body: &Bytes) -> Seen {
        let Ok(frame) = wire::read_frame(body.clone()) else {
            return Seen::unknown();
        };
        let mut seen = Seen {
            kind: kind_of(&frame.header),
            server: None,
            message: None,
            call: None,
            clock: frame.clock,
            is_bookkeeping: frame.header.is_bookkeeping(),
            payload: frame.payload,
        };
        match frame.header {
            Header::Cast(target) => {
                seen.server = server_name(target);
                seen.message = variant(&seen.payload);
            }
            Header::Call(target, number) => {
                seen.server = server_name(target);
                seen.message = variant(&seen.payload);
                seen.call = Some(number);
                self.calls.remember(from, to, number, &seen);
            }
            Header::Answer(number) | Header::NoAnswer(number, _) => {
                seen.call = Some(number);
                self.calls.attribute(to, from, number, &mut seen);
            }
            _ => {}
        }
        seen
    }
}

/// What rules and records want to know of a frame.
struct Seen {
    kind: Kind,
    server: Option<String>,
    message: Option<String>,
    call: Option<u64>,
    clock: u64,
    is_bookkeeping: bool,
    payload: Bytes,
}

impl Seen {
    fn unknown() -> Self {
        Seen {
            kind: Kind::Other,
            server: None,
            message: None,
            call: None,
            clock: 0,
            is_bookkeeping: true,
            payload: Bytes::new(),
        }
    }
}

/// The calls that wait for an answer: an answer only carries the number of its call.
#[derive(Debug, Default)]
struct Calls {
    waiting: BTreeMap<(NodeName, NodeName, u64), Asked>,
    /// Oldest first, also of those that were answered since.
    order: VecDeque<(NodeName, NodeName, u64)>,
}

#[derive(Debug)]
struct Asked {
    server: Option<String>,
    message: Option<String>,
    is_bookkeeping: bool,
}

impl Calls {
    fn remember(&mut self, caller: &NodeName, called: &NodeName, number: u64, seen: &Seen) {
        let key = (caller.clone(), called.clone(), number);
        let asked = Asked {
            server: seen.server.clone(),
            message: seen.message.clone(),
            is_bookkeeping: seen.is_bookkeeping,
        };
        self.waiting.insert(key.clone(), asked);
        self.order.push_back(key);
        if self.order.len() > CALLS
            && let Some(oldest) = self.order.pop_front()
        {
            self.waiting.remove(&oldest);
        }
    }

    /// Says whose answer it is. One to a call that was not seen is left alone by rules: it might
    /// belong to the runtime.
    fn attribute(&mut self, caller: &NodeName, called: &NodeName, number: u64, seen: &mut Seen) {
        match self
            .waiting
            .remove(&(caller.clone(), called.clone(), number))
        {
            Some(asked) => {
                seen.server = asked.server;
                seen.message = asked.message;
                seen.is_bookkeeping = asked.is_bookkeeping;
            }
            None => seen.is_bookkeeping = true,
        }
    }
}

/// Frames that rules hold back, whatever a network needs to keep of each.
#[derive(Debug)]
pub struct Held<T> {
    frames: BTreeMap<RuleId, Vec<T>>,
}

/// In which order held frames go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// As they came.
    AsHeld,
    /// The last one first.
    Reversed,
    /// As given: `[2, 0]` lets the third one go, then the first, and then those not named.
    Chosen(Vec<usize>),
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Held {
            frames: BTreeMap::new(),
        }
    }
}

impl<T> Held<T> {
    /// Keeps a frame for a rule.
    pub fn keep(&mut self, rule: RuleId, frame: T) {
        self.frames.entry(rule).or_default().push(frame);
    }

    /// How many frames a rule holds.
    pub fn count(&self, rule: RuleId) -> usize {
        self.frames.get(&rule).map_or(0, Vec::len)
    }

    /// Gives back what a rule held, in the order in which it goes on.
    pub fn release(&mut self, rule: RuleId, order: &Order) -> Vec<T> {
        let held = self.frames.remove(&rule).unwrap_or_default();
        match order {
            Order::AsHeld => held,
            Order::Reversed => held.into_iter().rev().collect(),
            Order::Chosen(chosen) => {
                let mut rest: BTreeMap<usize, T> = held.into_iter().enumerate().collect();
                let mut released: Vec<T> = chosen
                    .iter()
                    .filter_map(|index| rest.remove(index))
                    .collect();
                released.extend(rest.into_values());
                released
            }
        }
    }
}

fn unordered(a: &NodeName, b: &NodeName) -> (NodeName, NodeName) {
    if a <= b {
        (a.clone(), b.clone())
    } else {
        (b.clone(), a.clone())
    }
}

fn server_name(target: Target) -> Option<String> {
    match target {
        Target::Name(name) => Some(name),
        Target::Process(..) => None,
    }
}

fn kind_of(header: &Header) -> Kind {
    match header {
        Header::Cast(_) => Kind::Cast,
        Header::Call(..) => Kind::Call,
        Header::Answer(_) => Kind::Answer,
        Header::NoAnswer(..) => Kind::NoAnswer,
        Header::Tick => Kind::Tick,
        Header::Watch(..) | Header::Unwatch(_) | Header::Ended(..) => Kind::Watch,
        Header::Exit(..) => Kind::Exit,
        Header::Mesh(_) => Kind::Mesh,
        Header::Goodbye => Kind::Goodbye,
        #[allow(unreachable_patterns, reason = "kinds may be added to the protocol")]
        _ => Kind::Other,
    }
}

/// The variant of an enum in CBOR: its name alone, or a map with its name as the only key.
///
/// Only the first bytes are looked at, so that a message of a megabyte costs no more than others.
fn variant(payload: &[u8]) -> Option<String> {
    let text = match payload {
        [0xa1, rest @ ..] => rest,
        all => all,
    };
    let name = match text {
        [head @ 0x60..=0x77, rest @ ..] => rest.get(..usize::from(head - 0x60)),
        [0x78, length, rest @ ..] => rest.get(..usize::from(*length)),
        _ => None,
    };
    std::str::from_utf8(name?).ok().map(str::to_owned)
}
