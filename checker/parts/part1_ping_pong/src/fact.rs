//! What a claim of part 1 found instead, as data. The diagnosis reads facts, never sentences.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts by the short names of nodes, without those that are 0.
pub(crate) type Counts = BTreeMap<String, u64>;

/// A claim that did not hold, and what was seen; nodes go by their short names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "claim", rename_all = "snake_case")]
pub(crate) enum Fact {
    /// A consumer shows other counts than it must; a node that is not in `wanted` does not matter.
    Counts {
        node: String,
        seen: Counts,
        wanted: Counts,
    },
    /// A consumer answers no question.
    ConsumerSilent { node: String },
    /// A producer answered SendPing with a wrong number.
    PingNumber {
        node: String,
        answer: u64,
        wanted: u64,
    },
    /// A producer did not answer SendPing in time.
    SendPingUnanswered { node: String },
    /// A producer answered AskEveryone with wrong totals, or with wrong failures.
    Everyone {
        asker: String,
        totals: Counts,
        failed: BTreeMap<String, String>,
    },
    /// A producer answered AskEveryone too late or not at all.
    EveryoneLate { asker: String },
}
