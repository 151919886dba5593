//! The checker's own view of what can be said to the servers of part 1.
//!
//! Only the graded variants, and no crate shared with the exercise: messages meet by the names of
//! their variants, so nothing that a learner edits can break the checker, and a variant that was
//! changed is reported as such.

use std::collections::BTreeMap;
use std::time::Duration;

use runtime::{NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};

pub(super) const PRODUCER: ServerName<ProducerMsg> = ServerName::new("producer");
pub(super) const CONSUMER: ServerName<ConsumerMsg> = ServerName::new("consumer");

/// The time that the exercise gives the nodes to answer, when all are asked.
pub(super) const ASK_WITHIN: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ProducerMsg {
    SendPing(Reply<u64>),
    Count(Reply<u64>),
    AskEveryone(Reply<Everyone>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ConsumerMsg {
    Ping { from: NodeName, count: u64 },
    Counts(Reply<BTreeMap<NodeName, u64>>),
    TotalPings(Reply<u64>),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Everyone {
    pub(super) totals: BTreeMap<NodeName, u64>,
    pub(super) failed: BTreeMap<NodeName, String>,
}
