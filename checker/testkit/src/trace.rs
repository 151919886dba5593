//! What happened in one try of a scenario, as data.
//!
//! A cluster leaves it behind when it ends. Every picture is drawn from it, the diagnosis reads
//! it, and `checker report --format json` prints it. What a node did within itself is not in it,
//! except for what it printed: the checker sees what crosses between processes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plain_file::{self, MAX_OWN};

/// The version of the format: raised when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// How the files of a try begin that hold traces, one for each cluster that it started.
const FILE: &str = "trace-";

/// What happened in one cluster. All times are microseconds since its network was there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The version of the format.
    pub version: u32,
    /// The scenario's id.
    pub scenario: String,
    /// The nodes by their short names, in the order of their names.
    pub nodes: Vec<String>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// What the nodes wrote, oldest first; of each node the last lines only.
    pub logs: Vec<LogLine>,
    /// The claim that did not hold, if one did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation: Option<Violation>,
    /// When the cluster was ended.
    pub ended_us: u64,
    /// How many events at the beginning were given up for lack of room.
    pub forgotten: u64,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at_us: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen. Nodes go by their short names: `n1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The scenario goes on to its next step.
    Step {
        /// The step, as a sentence.
        text: String,
        /// Which step it is, as data, where something depends on it: a value of the part's own
        /// type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fact: Option<Value>,
    },
    /// A node sent a frame to another.
    Message(Box<Message>),
    /// A connection was opened.
    Opened {
        /// Its number.
        connection: u64,
        /// The node that connected.
        from: String,
        /// The node that accepted.
        to: String,
    },
    /// A connection was closed.
    Closed {
        /// Its number.
        connection: u64,
        /// By which node; by the network, if by none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A connection was not let through.
    Refused {
        /// The node that connected.
        from: String,
        /// The node that accepted.
        to: String,
    },
    /// Two nodes were cut off from each other.
    Partition {
        /// One of the two.
        a: String,
        /// The other.
        b: String,
    },
    /// From now on, what goes this way vanishes.
    Blackhole {
        /// Who says it.
        from: String,
        /// Who does not hear it.
        to: String,
    },
    /// From now on, what goes this way comes later.
    Delay {
        /// Who says it.
        from: String,
        /// Who hears it late.
        to: String,
        /// By how much, at least.
        base_us: u64,
        /// How much more, at most.
        jitter_us: u64,
    },
    /// The network between two nodes is whole again.
    Healed {
        /// One of the two; both are missing when it holds for all nodes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        a: Option<String>,
        /// The other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<String>,
    },
    /// Something was done to a node's process, or to a process within the node.
    Process {
        /// The node.
        node: String,
        /// What was done.
        change: Change,
        /// The server that it was done to, if it was not the whole node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// As a learner reads it: "n2 is killed".
        text: String,
    },
    /// The checker asked a node over HTTP.
    Request {
        /// The node.
        node: String,
        /// `GET /abc`
        question: String,
        /// `302 https://example.org/`, or why there was no answer.
        answer: String,
        /// How long it took.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_us: Option<u64>,
    },
    /// Something was done to the store of some nodes.
    StoreFault {
        /// The nodes.
        nodes: Vec<String>,
        /// What it does from now on.
        mode: StoreMode,
        /// By how much it is slow, if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delay_us: Option<u64>,
        /// As a learner reads it.
        text: String,
    },
    /// A node gave its store a command.
    Store {
        /// The node.
        node: String,
        /// The command in upper case.
        command: String,
        /// The key that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// What stood behind the name.
        args: Vec<String>,
        /// Whether it came to the store.
        forwarded: bool,
    },
    /// Something else that a reader should know.
    Note {
        /// What, as people read it.
        text: String,
    },
}

impl Trace {
    /// The same with no sentence in it, and nothing else that is there for people.
    pub(crate) fn without_sentences(&self) -> Trace {
        let mut bare = self.clone();
        if let Some(violation) = &mut bare.violation {
            violation.seen.clear();
        }
        for event in &mut bare.events {
            match &mut event.what {
                What::Step { text, .. }
                | What::Process { text, .. }
                | What::StoreFault { text, .. }
                | What::Note { text } => text.clear(),
                What::Message(message) => {
                    message.label.clear();
                    message.brief = None;
                }
                _ => {}
            }
        }
        bare
    }
}

/// A part's own value, as it is kept in a trace or a failure.
///
/// # Panics
/// When it cannot be JSON, which is a mistake in the part: a map with keys that are no texts.
pub fn data(fact: &impl Serialize) -> Value {
    serde_json::to_value(fact).expect("the facts of a part are plain data")
}

/// A frame that one node sent to another, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who sent it.
    pub from: String,
    /// For whom it is.
    pub to: String,
    /// What kind of frame.
    pub kind: Kind,
    /// The server that it is for; of an answer, the one that was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The variant of the message; of an answer, of the message that is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As it is written in pictures: `Ping{from: n1, count: 3}`, `TotalPings?`, `TotalPings = 3`.
    pub label: String,
    /// The same without the names of fields, for where there is little room: `Ping{n1, 3}`;
    /// missing where it is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<String>,
    /// The whole message, if it was not too long and is still remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The number of the call, of calls and answers; the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// On which connection it went.
    pub connection: u64,
    /// The sender's Lamport clock.
    pub clock: u64,
    /// The frame's length.
    pub bytes: usize,
    /// What the network did.
    pub fate: Fate,
    /// When it was handed to the receiver's end of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_us: Option<u64>,
}

impl Message {
    /// Whether it is one of the learner's programs, not of the library's own bookkeeping.
    pub fn is_of_programs(&self) -> bool {
        let known = match self.kind {
            Kind::Cast | Kind::Call => true,
            Kind::Answer | Kind::NoAnswer => self.name.is_some(),
            _ => false,
        };
        let of_runtime = |server: &String| server.starts_with('$');
        known && !self.server.as_ref().is_some_and(of_runtime)
    }
}

/// What kind of frame it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Anything else that the library says for itself.
    Runtime,
}

/// What the network did with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It arrived.
    Delivered,
    /// It arrived twice.
    Doubled,
    /// It was taken away.
    Dropped,
    /// It vanished in a blackhole.
    Swallowed,
    /// It was held back; when it was let go, it arrived late.
    Held,
    /// It was under way when its connection closed, or when the cluster was ended.
    UnderWay,
}

/// What was done to a node's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was started, for the first time or again.
    Started,
    /// It was killed.
    Killed,
    /// It was paused.
    Paused,
    /// It was let run on.
    Resumed,
    /// A process within it was crashed.
    Crashed,
    /// It was told to close a connection.
    Disconnected,
}

/// What a store does for a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreMode {
    /// All that it is asked.
    Back,
    /// It refuses connections.
    Refused,
    /// It takes commands and does nothing.
    Stalled,
    /// It does what it is told and does not answer.
    AnswersStalled,
    /// It answers late.
    Slow,
}

/// A line that a node wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it came to the checker.
    pub at_us: u64,
    /// Which node wrote it.
    pub node: String,
    /// Where to.
    pub stream: crate::guard::Stream,
    /// What.
    pub text: String,
}

/// A claim that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// When that was found.
    pub at_us: u64,
    /// The node that it was seen at, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What was seen.
    pub seen: String,
}

impl Trace {
    /// The messages with their times of sending, in the order of sending.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = (u64, &Message)> {
        self.events.iter().filter_map(|event| match &event.what {
            What::Message(message) => Some((event.at_us, &**message)),
            _ => None,
        })
    }

    /// The traces in the folder of a try, in the order in which their clusters were started.
    /// What cannot be read is left out.
    pub fn read_all(folder: &Path) -> Vec<Trace> {
        let read = |number: usize| plain_file::read(&Trace::file(folder, number), MAX_OWN).ok();
        (1..)
            .map_while(read)
            .filter_map(|text| serde_json::from_slice(&text).ok())
            .collect()
    }

    /// Writes it into the folder of a try, as that of its nth cluster, for later. What cannot be
    /// written is left out: a full disk is no reason for another verdict.
    pub fn save(&self, folder: &Path, number: usize) {
        if let Ok(text) = serde_json::to_vec(self) {
            let _ = std::fs::write(Trace::file(folder, number), text);
        }
    }

    /// The file of the trace of the nth cluster of a try, counted from 1.
    pub fn file(folder: &Path, number: usize) -> PathBuf {
        folder.join(format!("{FILE}{number}.json"))
    }
}
