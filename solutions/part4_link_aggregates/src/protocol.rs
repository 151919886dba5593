//! What can be said to the servers of part 4.
//!
//! The checker says the messages marked *graded* to your servers. Leave their names, fields and
//! answers as they are; add messages of your own behind them.

use std::time::Duration;

use runtime::{Function, Group, NodeName, ProcessId, Reply, ServerName};
use serde::{Deserialize, Serialize};
use shortener::{Claim, Code, Link, Refusal};

use crate::g_counter::Slot;
use crate::views::Usage;

/// The maximum number of links in the table of a node.
pub const MAX_CACHED_LINKS: usize = 10_000;

/// The server of each node that knows the ring.
pub const RING: ServerName<RingMsg> = ServerName::new("ring");

/// How often the members are read from the store.
pub const REFRESH_EVERY: Duration = Duration::from_millis(500);

/// The function of a link's owner that claims the first of some codes for it.
pub const CLAIM: Function<(Vec<Code>, Link), Result<Claim, Refusal>> = Function::new("claim");

/// The function of a link's owner that looks it up.
pub const LOOK_UP: Function<Code, Result<Link, Refusal>> = Function::new("look up");

/// How long an owner may take to answer.
pub const OWNER_WITHIN: Duration = Duration::from_secs(1);

/// The server of each node that counts views.
pub const COUNTERS: ServerName<CountersMsg> = ServerName::new("counters");

/// The counters of all nodes: who is to be told of a view.
pub const ALL_COUNTERS: Group<CountersMsg> = Group::new("counters");

/// What the server that knows the ring understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum RingMsg {
    /// Graded: what this node knows of the ring.
    State(Reply<RingState>),
    /// Graded: the node that owns each of some codes, `None` if there are no members.
    Owners(Vec<Code>, Reply<Vec<Option<NodeName>>>),
    /// Graded: the same on a ring of these members, which has nothing to do with the node's own.
    Try(Vec<NodeName>, Vec<Code>, Reply<Vec<Option<NodeName>>>),
    /// To itself: it is time to read the members from the store.
    Refresh,
    /// To itself: what the store has said about the members, or why it has said nothing.
    Read(Result<Vec<NodeName>, String>),
}

/// What a node knows of the ring.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RingState {
    /// The members, each once, in order.
    pub members: Vec<NodeName>,
    /// Why they could not be read from the store the last time, if so: what is known may be old.
    pub stale: Option<String>,
}

/// What the server that counts views understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum CountersMsg {
    /// Graded: do nothing else for so many milliseconds.
    Hold(u64),
    /// Graded: try the counter: take these steps, beginning without any counter, and answer what
    /// the counters are worth in the end.
    Evaluate(Vec<Step>, Reply<Evaluated>),
    // ── gap 5: messages about views
    /// From this node's `links`: of this link, all others are to learn this.
    Share(Code, Usage),
    /// From the counters of another node: of this link, it has counted this.
    Merge(Code, Usage),
    // ── end 5
    // ── gap 6: messages for meeting
    /// From counters that have met these: all that may be new here.
    Learn(Vec<(Code, Usage)>),
    /// To itself: what was learnt in a meeting may be new to third ones.
    PassOn,
    // ── end 6
    // ── gap 8: messages for comparing
    /// From these counters of another node: what they know, in short.
    Offer(ProcessId, crate::views::Summary),
    /// The answer to an offer: these counters want to know all about some parts.
    Want(ProcessId, Vec<u8>),
    // ── end 8
}

/// A step of an experiment with counters, which have the numbers 0, 1, 2, … in order of their
/// creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Make a new counter.
    New,
    /// Add to a counter, on behalf of a slot.
    Increment {
        /// Which counter.
        counter: usize,
        /// Whose share of it grows.
        slot: Slot,
        /// By how much; may be 0.
        by: u64,
    },
    /// Merge what a counter knows into another.
    Merge {
        /// The counter that learns.
        into: usize,
        /// The counter that is learnt from, and stays as it is.
        from: usize,
    },
}

/// What came of an experiment with counters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evaluated {
    /// The value of each counter.
    pub values: Vec<u64>,
    /// The pairs of counters (smaller number first) that are equal.
    pub equal: Vec<(usize, usize)>,
}
