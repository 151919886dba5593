//! What a claim of part 0 found instead, as data. The diagnosis reads facts, never sentences.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A claim that did not hold, and what was seen; nodes go by their short names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "claim", rename_all = "snake_case")]
pub(crate) enum Fact {
    /// A register shows another value than it must.
    Value {
        node: String,
        seen: u64,
        wanted: u64,
    },
    /// A register shows a value that no caller has written.
    Invented { node: String, seen: u64 },
    /// All messages have arrived, and the registers show different values.
    Different { seen: BTreeMap<String, u64> },
}
