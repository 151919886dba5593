//! What can be said to the servers of part 1.
//!
//! The checker says the messages marked *graded* to your servers. Leave their names, fields and
//! answers as they are; add messages of your own behind them.

use std::collections::BTreeMap;
use std::time::Duration;

use runtime::{NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};

/// The producer of each node.
pub const PRODUCER: ServerName<ProducerMsg> = ServerName::new("producer");

/// The consumer of each node.
pub const CONSUMER: ServerName<ConsumerMsg> = ServerName::new("consumer");

/// How long a node may take to answer before [`ProducerMsg::AskEveryone`] counts it as failed.
pub const ASK_WITHIN: Duration = Duration::from_secs(1);

/// What a producer understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum ProducerMsg {
    /// Graded: send the next ping to every consumer. The answer is its number: 1, 2, and so on.
    SendPing(Reply<u64>),
    /// Graded: the number of the last ping, 0 if there was none.
    Count(Reply<u64>),
    /// Graded: ask the consumer of every node for its total.
    AskEveryone(Reply<Everyone>),
}

/// What a consumer understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum ConsumerMsg {
    /// Graded: the producer of node `from` has sent its ping number `count`.
    Ping {
        /// The producer's node.
        from: NodeName,
        /// The ping's number.
        count: u64,
    },
    /// Graded: for the producer of each node, the number of its latest ping.
    Counts(Reply<BTreeMap<NodeName, u64>>),
    /// Graded: the sum of those numbers.
    TotalPings(Reply<u64>),
}

/// The answer to [`ProducerMsg::AskEveryone`]: each node that was asked is in one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Everyone {
    /// The totals of the consumers that answered in time.
    pub totals: BTreeMap<NodeName, u64>,
    /// Why the others gave none, in words.
    pub failed: BTreeMap<NodeName, String>,
}
