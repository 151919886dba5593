//! The messages of the servers of part 4.
//!
//! The checker sends the messages marked *graded* to your servers. Keep their names, fields and
//! answers; add messages of your own after them.

use std::time::Duration;

use runtime::{Function, Group, NodeName, ProcessId, Reply, ServerName};
use serde::{Deserialize, Serialize};
use shortener::{Claim, Code, Link, Refusal};

use crate::g_counter::{Evaluated, Step};
use crate::views::Usage;

/// The maximum number of links in the table of a node.
pub const MAX_CACHED_LINKS: usize = 10_000;

/// The server of each node that knows the ring.
pub const RING: ServerName<RingMsg> = ServerName::new("ring");

/// The time between two reads of the members from the store.
pub const REFRESH_INTERVAL: Duration = Duration::from_millis(500);

/// The owner's function that claims the first of some codes for a link.
pub const CLAIM: Function<(Vec<Code>, Link), Result<Claim, Refusal>> = Function::new("claim");

/// The owner's function that looks a link up.
pub const LOOK_UP: Function<Code, Result<Link, Refusal>> = Function::new("look up");

/// How long the entry waits for an owner.
pub const OWNER_TIMEOUT: Duration = Duration::from_secs(1);

/// The server of each node that exchanges views.
pub const COUNTERS: ServerName<CountersMsg> = ServerName::new("counters");

/// The counters of all nodes, to which each node sends its views.
pub const ALL_COUNTERS: Group<CountersMsg> = Group::new("counters");

/// The messages of the ring's server.
#[derive(Debug, Serialize, Deserialize)]
pub enum RingMsg {
    /// Graded: what this node knows of the ring.
    State(Reply<RingState>),
    /// Graded: the owners of some codes, `None` if there are no members.
    Owners(Vec<Code>, Reply<Vec<Option<NodeName>>>),
    /// Graded: the owners of some codes on a ring of these members, independent of the node's own
    /// ring.
    Try(Vec<NodeName>, Vec<Code>, Reply<Vec<Option<NodeName>>>),
    /// To itself: read the members from the store.
    Refresh,
    /// To itself: the members, or the reason why the store did not answer.
    Read(Result<Vec<NodeName>, String>),
}

/// What a node knows of the ring.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RingState {
    /// The members, each once, in order.
    pub members: Vec<NodeName>,
    /// Why the last read from the store failed, if it did: then the members may be old.
    pub stale: Option<String>,
}

/// The messages of the counters.
#[derive(Debug, Serialize, Deserialize)]
pub enum CountersMsg {
    /// Graded: do nothing else for this number of milliseconds.
    Hold(u64),
    /// Graded: run an experiment: take these steps, starting without any counter, and answer with
    /// the values of the counters at the end.
    Evaluate(Vec<Step>, Reply<Evaluated>),
    // ── gap 5: messages about views
    // TODO(5): the messages between the counters of two nodes, and from this node's `links` to its
    // counters.
    // ── end 5
    // ── gap 6: messages for meeting
    // ── end 6
    // ── gap 8: messages for comparing
    // ── end 8
}
