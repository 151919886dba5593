//! What can be said to the servers of part 3.
//!
//! The checker says the messages marked *graded* to your servers. Leave their names, fields and
//! answers as they are; add messages of your own behind them.

use std::time::Duration;

use runtime::{GlobalName, Group, NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};
use shortener::{Code, Link, Refusal};

/// The cache of each node.
pub const CACHE: ServerName<CacheMsg> = ServerName::new("cache");

/// The caches of all nodes: who is to be told of a new link.
pub const CACHES: Group<CacheMsg> = Group::new("caches");

/// How many entries a table may have, of whatever kind.
pub const CACHE_CAP: usize = 1000;

/// The process of each node that can sweep.
pub const SWEEPER: ServerName<SweeperMsg> = ServerName::new("sweeper");

/// The one among them that does.
pub const THE_SWEEPER: GlobalName<SweeperMsg> = GlobalName::new("sweeper");

/// How often the store is swept.
pub const SWEEP_EVERY: Duration = Duration::from_millis(500);

/// What a cache understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum CacheMsg {
    /// Graded: the link that this node's table has for a code. It is looked at, not looked up: the
    /// store is not asked, and the table stays as it is.
    Peek(Code, Reply<Option<Link>>),
    /// Graded: how many entries the table has, of whatever kind.
    Size(Reply<usize>),
    /// Answer a look-up that the table could not answer.
    Load(Code, Reply<Result<Link, Refusal>>),
    /// To itself: what the store has answered, or why it has not.
    Loaded(Code, Result<Option<Link>, Refusal>),
    /// From this node's `links`: this link was created here; tell the others.
    Announce(Code, Link),
    /// From another cache: this link was created there.
    Learn(Code, Link),
    /// From the cache of that node: all that its table has.
    Table(NodeName, Vec<(Code, Link)>),
    /// To itself: do not wait any longer for the table of that node.
    GoOn(NodeName),
    /// From the sweeper: this link is expired, and gone from the store.
    Forget(Code, Link),
}

/// What a sweeper understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum SweeperMsg {
    /// Graded: how many links this process has swept since its start.
    Swept(Reply<u64>),
    /// To itself: it is time to sweep, if that is this process's task.
    Sweep,
}
