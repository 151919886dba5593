//! What happened on a network, in order: every frame, every connection, every fault made.
//!
//! A fault that had no effect proves nothing. The record is the proof, and the source of the
//! pictures that explain a failure.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};
use tokio::time::Instant;

use crate::name::NodeName;

/// How many entries a record keeps unless told otherwise.
const CAPACITY: usize = 100_000;

/// What happened on a network, the newest entries at the end.
///
/// It is bounded: when it is full, the oldest entries go, and are counted.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    #[serde(skip)]
    start: Instant,
    #[serde(skip)]
    capacity: usize,
    /// How many entries at the beginning were given up for lack of room.
    forgotten: u64,
    entries: VecDeque<Entry>,
}

/// Names a connection within one network and one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ConnectionId(pub(super) u64);

impl ConnectionId {
    /// The number, counted from the first connection of the run.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Names a rule within one fault table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RuleId(u64);

impl RuleId {
    pub(super) fn new(number: u64) -> Self {
        RuleId(number)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}", self.0)
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// When, since the record began.
    #[serde(serialize_with = "micros", rename = "at_us")]
    pub at: Duration,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen on a network.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A node sent a frame.
    Frame(FrameSeen),
    /// A connection was opened.
    Opened {
        /// Which.
        connection: ConnectionId,
        /// The node that connected.
        from: NodeName,
        /// The node that accepted.
        to: NodeName,
    },
    /// A connection was closed.
    Closed {
        /// Which.
        connection: ConnectionId,
        /// By whom; `None`: by the network.
        by: Option<NodeName>,
    },
    /// A connection was not let through.
    Refused {
        /// The node that connected.
        from: NodeName,
        /// The node that accepted.
        to: NodeName,
    },
    /// A fault between two nodes was made or ended.
    Fault(Fault),
    /// A rule was made or ended, or something else that a reader should know.
    Note(String),
}

/// A fault between two nodes, made or ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connections between two nodes close, and new ones are refused.
    Partition {
        /// One of the two.
        a: NodeName,
        /// The other.
        b: NodeName,
    },
    /// Whatever goes this way vanishes in silence.
    Blackhole {
        /// Who says it.
        from: NodeName,
        /// Who does not hear it.
        to: NodeName,
    },
    /// Whatever goes this way comes later.
    Delay {
        /// Who says it.
        from: NodeName,
        /// Who hears it late.
        to: NodeName,
        /// By how much, at least.
        #[serde(serialize_with = "micros", rename = "base_us")]
        base: Duration,
        /// How much more, at most.
        #[serde(serialize_with = "micros", rename = "jitter_us")]
        jitter: Duration,
    },
    /// The network between two nodes is whole again.
    Healed {
        /// One of the two.
        a: NodeName,
        /// The other.
        b: NodeName,
    },
    /// The network between all nodes is whole again.
    HealedEverywhere,
}

/// A frame that was sent, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameSeen {
    /// On which connection.
    pub connection: ConnectionId,
    /// Who sent it.
    pub from: NodeName,
    /// For whom it is.
    pub to: NodeName,
    /// What kind of frame.
    pub kind: Kind,
    /// The name of the server; for an answer, of the one that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The variant of the message; for an answer, of the message that is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The number of the call, for calls and answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// The sender's Lamport clock.
    pub clock: u64,
    /// The frame's length without its prefix.
    pub bytes: usize,
    /// What the network decided.
    pub fate: Fate,
    /// When it was handed to the receiver, since the record began.
    #[serde(serialize_with = "micros_if_any", rename = "delivered_at_us")]
    pub delivered_at: Option<Duration>,
}

/// What kind of frame was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A message without an answer.
    Cast,
    /// A message with an answer.
    Call,
    /// The answer to a call.
    Answer,
    /// That a call has no answer.
    NoAnswer,
    /// A sign of life.
    Tick,
    /// Watching a process, and what comes of it.
    Watch,
    /// An order to end.
    Exit,
    /// Who is connected to whom.
    Mesh,
    /// That a connection is closed on purpose.
    Goodbye,
    /// No frame that is understood here: the handshake, for instance.
    Other,
}

/// What the network does with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It arrives.
    Deliver,
    /// A rule, or a partition, takes it away.
    Drop,
    /// A blackhole takes it away, and with it the connection when the blackhole ends.
    Swallow,
    /// It arrives twice.
    Duplicate,
    /// It waits until the rule is released.
    Hold(RuleId),
}

/// Finds an entry again, to say that the frame was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryId(u64);

impl Record {
    /// An empty record that begins now.
    pub fn new() -> Self {
        Record {
            start: Instant::now(),
            capacity: CAPACITY,
            forgotten: 0,
            entries: VecDeque::new(),
        }
    }

    /// Keeps at most so many entries from now on.
    pub fn set_capacity(&mut self, entries: usize) {
        self.capacity = entries.max(1);
        self.make_room(self.capacity);
    }

    /// What happened, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The frames among the entries, with the time at which each was sent.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = (Duration, &FrameSeen)> {
        self.entries.iter().filter_map(|entry| match &entry.event {
            Event::Frame(frame) => Some((entry.at, frame)),
            _ => None,
        })
    }

    /// How many entries at the beginning were given up for lack of room.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The time since the record began.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Says that a fault was made or ended.
    pub fn fault(&mut self, fault: Fault) {
        self.push(Event::Fault(fault));
    }

    /// Writes a line for people between the other entries.
    pub fn note(&mut self, text: impl Into<String>) {
        self.push(Event::Note(text.into()));
    }

    /// What happened last.
    pub fn last(&self) -> Option<&Event> {
        self.entries.back().map(|entry| &entry.event)
    }

    /// Adds what just happened.
    pub fn push(&mut self, event: Event) -> EntryId {
        self.make_room(self.capacity - 1);
        self.entries.push_back(Entry {
            at: self.now(),
            event,
        });
        EntryId(self.forgotten + self.entries.len() as u64 - 1)
    }

    /// Says that a frame was handed to its receiver now. Of two deliveries the first counts.
    pub fn delivered(&mut self, id: EntryId) {
        let now = self.now();
        let Some(index) = id.0.checked_sub(self.forgotten) else {
            return;
        };
        if let Some(Entry {
            event: Event::Frame(frame),
            ..
        }) = self.entries.get_mut(index as usize)
        {
            frame.delivered_at.get_or_insert(now);
        }
    }

    fn make_room(&mut self, at_most: usize) {
        while self.entries.len() > at_most {
            self.entries.pop_front();
            self.forgotten += 1;
        }
    }
}

impl Default for Record {
    fn default() -> Self {
        Self::new()
    }
}

fn micros<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

fn micros_if_any<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => micros(time, serializer),
        None => serializer.serialize_none(),
    }
}
