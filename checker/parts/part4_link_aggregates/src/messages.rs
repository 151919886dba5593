//! The checker's own view of the messages of part 4.
//!
//! It has only the graded variants. Links and their codes are those of `shortener`, which no
//! learner edits.

use std::time::Duration;

use runtime::{NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};
use shortener::{Code, Link};

pub(super) const CACHE: ServerName<CacheMsg> = ServerName::new("cache");
pub(super) const RING: ServerName<RingMsg> = ServerName::new("ring");
pub(super) const COUNTERS: ServerName<CountersMsg> = ServerName::new("counters");

/// The maximum time of a request whose owner is unreachable.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum CacheMsg {
    Peek(Code, Reply<Option<Link>>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum RingMsg {
    State(Reply<RingState>),
    Owners(Vec<Code>, Reply<Vec<Option<NodeName>>>),
    Try(Vec<NodeName>, Vec<Code>, Reply<Vec<Option<NodeName>>>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RingState {
    pub(super) members: Vec<NodeName>,
    pub(super) stale: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum CountersMsg {
    Hold(u64),
    Evaluate(Vec<Step>, Reply<Evaluated>),
}

/// The name of a slot. In the exercise this is a type of its own, which is a string on the wire.
pub(super) type Slot = String;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    New,
    Increment { counter: usize, slot: Slot, by: u64 },
    Merge { into: usize, from: usize },
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Evaluated {
    pub(super) values: Vec<u64>,
    pub(super) equal: Vec<(usize, usize)>,
}
