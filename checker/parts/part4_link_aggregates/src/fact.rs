//! What the failures of part 4 say as data. The diagnosis reads this, and no sentence.

use serde::{Deserialize, Serialize};

/// A claim that did not hold, for those that the diagnosis tells apart, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "claim", rename_all = "snake_case")]
pub(super) enum Fact {
    /// A request about a code took more than one question to its owner and one answer.
    OwnerAlone { code: String, owner: String },
    /// A node has a link in its table whose code another node owns.
    CopyInTable {
        node: String,
        code: String,
        owner: String,
    },
    /// A node shows another number of views of a link than there were.
    Views {
        node: String,
        code: String,
        shown: u64,
        wanted: u64,
    },
    /// Two nodes sent each other too much after a split. The newcomer knew nothing, and was sent
    /// everything before.
    HealCost { pair: [String; 2], newcomer: String },
}
