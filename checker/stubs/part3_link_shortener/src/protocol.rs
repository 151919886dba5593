//! The messages to the servers of part 3.
//!
//! The checker sends the messages marked *graded* to your servers. Keep their names, fields and
//! answers; add messages of your own after them.

use std::time::Duration;

use runtime::{GlobalName, Group, NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};
use shortener::{Code, Link, Refusal};

/// The cache of each node.
pub const CACHE: ServerName<CacheMsg> = ServerName::new("cache");

/// The caches of all nodes.
pub const CACHES: Group<CacheMsg> = Group::new("caches");

/// A table has at most this many entries, links and negative ones together.
pub const CACHE_CAP: usize = 1000;

/// The process of each node that can sweep.
pub const SWEEPER: ServerName<SweeperMsg> = ServerName::new("sweeper");

/// The global name of the process that sweeps.
pub const THE_SWEEPER: GlobalName<SweeperMsg> = GlobalName::new("sweeper");

/// The pause between two sweeps.
pub const SWEEP_INTERVAL: Duration = Duration::from_millis(500);

/// The messages to a cache.
#[derive(Debug, Serialize, Deserialize)]
pub enum CacheMsg {
    /// Graded: the link in this node's table for a code. This is not a lookup: the store is not asked,
    /// and the table does not change.
    Peek(Code, Reply<Option<Link>>),
    /// Graded: how many entries the table has, links and negative ones together.
    Size(Reply<usize>),
    /// Answer a lookup that the table could not answer.
    Load(Code, Reply<Result<Link, Refusal>>),
    /// To itself: the store's answer, or why there is none.
    Loaded(Code, Result<Option<Link>, Refusal>),
    /// From this node's `links`: this link was created here; send it to the other nodes.
    Announce(Code, Link),
    /// From another cache: this link was created there.
    Learn(Code, Link),
    /// From the cache of that node: all links of its table.
    Table(NodeName, Vec<(Code, Link)>),
    /// To itself: stop waiting for the table of that node.
    StopWaiting(NodeName),
    /// From the sweeper: this link has expired, and the store no longer has it.
    Forget(Code, Link),
}

/// The messages to a sweeper.
#[derive(Debug, Serialize, Deserialize)]
pub enum SweeperMsg {
    /// Graded: how many links this process has swept since its start.
    Swept(Reply<u64>),
    /// To itself: take the next turn, and sweep if this process owns the name.
    Sweep,
}
