//! The checker's own view of the messages that the servers of part 1 understand.
//!
//! It holds the graded variants only, and shares no crate with the exercise: messages meet by the
//! names of their variants. So no edit of a learner breaks the checker, and the checker can report
//! a variant that was changed.

use std::collections::BTreeMap;
use std::time::Duration;

use runtime::{NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};

pub(super) const PRODUCER: ServerName<ProducerMsg> = ServerName::new("producer");
pub(super) const CONSUMER: ServerName<ConsumerMsg> = ServerName::new("consumer");

/// How long the exercise waits for a node's answer.
pub(super) const ASK_TIMEOUT: Duration = Duration::from_secs(1);

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
