//! The checker's own view of the messages to the servers of part 3.
//!
//! Only the graded variants. The type of a link is that of `shortener`, which no learner edits.

use std::time::Duration;

use runtime::{Reply, ServerName};
use serde::{Deserialize, Serialize};
use shortener::{Code, Link};

pub(super) const CACHE: ServerName<CacheMsg> = ServerName::new("cache");
pub(super) const SWEEPER: ServerName<SweeperMsg> = ServerName::new("sweeper");

/// The group of all caches.
pub(super) const CACHES: &str = "caches";

/// The global name of the process that sweeps.
pub(super) const THE_SWEEPER: &str = "sweeper";

/// The exercise allows a table so many entries.
pub(super) const CACHE_CAP: usize = 1000;

/// The exercise gives a node so long to answer 503 when the store does not answer.
pub(super) const UNAVAILABLE_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum CacheMsg {
    Peek(Code, Reply<Option<Link>>),
    Size(Reply<usize>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum SweeperMsg {
    Swept(Reply<u64>),
}
