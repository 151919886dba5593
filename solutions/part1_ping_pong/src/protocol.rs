//! The messages that the servers of part 1 understand.
//!
//! The checker sends your servers the messages marked *graded*. Do not change their names, fields
//! and answers; add messages of your own after them.

use std::collections::BTreeMap;
use std::time::Duration;

use runtime::{NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};

/// The producer of each node.
pub const PRODUCER: ServerName<ProducerMsg> = ServerName::new("producer");

/// The consumer of each node.
pub const CONSUMER: ServerName<ConsumerMsg> = ServerName::new("consumer");

/// How long a node may take to answer; after that, [`ProducerMsg::AskEveryone`] reports it as failed.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(1);

/// The messages of a producer.
#[derive(Debug, Serialize, Deserialize)]
pub enum ProducerMsg {
    /// Graded: send the next ping to every consumer. The answer is its number: 1, 2, and so on.
    SendPing(Reply<u64>),
    /// Graded: reply with the number of the last ping, 0 if there was none.
    Count(Reply<u64>),
    /// Graded: ask the consumer of every node for its total, and answer with the totals.
    AskEveryone(Reply<Everyone>),
}

/// The messages of a consumer.
#[derive(Debug, Serialize, Deserialize)]
pub enum ConsumerMsg {
    /// Graded: the producer of node `from` has sent its ping number `count`.
    Ping {
        /// The producer's node.
        from: NodeName,
        /// The ping's number.
        count: u64,
    },
    /// Graded: reply with the number of the latest ping of each node's producer.
    Counts(Reply<BTreeMap<NodeName, u64>>),
    /// Graded: reply with the sum of those numbers.
    TotalPings(Reply<u64>),
}

/// The answer to [`ProducerMsg::AskEveryone`]: each node that was asked is in exactly one map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Everyone {
    /// The totals of the consumers that answered in time.
    pub totals: BTreeMap<NodeName, u64>,
    /// Why each of the other nodes gave no total, as text.
    pub failed: BTreeMap<NodeName, String>,
}
