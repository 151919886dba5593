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
    /// A node led a visitor to another page than that of the link, or to none.
    WrongPage {
        node: String,
        code: String,
        status: u16,
    },
    /// A node did not say how often a link was viewed.
    NoNumber { node: String },
    /// A node took its time to say how often a link was viewed.
    LateNumber { node: String },
    /// A node that owns a link took its time to redirect a visitor.
    LateRedirect { node: String },
    /// A node shows more views than there were.
    TooManyViews {
        node: String,
        code: String,
        shown: u64,
        most: u64,
    },
    /// A node shows fewer views than before.
    FewerViews {
        node: String,
        code: String,
        shown: u64,
        before: u64,
    },
    /// A node does not show the views that it must know.
    TooFewViews {
        node: String,
        code: String,
        shown: u64,
        least: u64,
    },
    /// In the end, a node does not show all views that the nodes knew.
    LostViews {
        node: String,
        code: String,
        shown: u64,
        least: u64,
    },
    /// In the end, two nodes show different numbers.
    NumbersDiffer { node: String, code: String },
    /// A node used a key of the store that belongs neither to a link nor to a member.
    ForeignKey { node: String },
    /// A node shows no number of visitors, or a wrong one.
    Visitors {
        node: String,
        code: String,
        shown: Option<u64>,
    },
    /// Nodes show different numbers of visitors.
    VisitorsDiffer { code: String },
    /// A visitor who came back changed the number.
    ReturnedVisitor { code: String },
    /// A creation was answered without a code, or with one that is not the URL's.
    WrongCode(Answered),
    /// A code led to another URL than the one that has it.
    TwoUrls(Answered),
    /// A URL got another code although it had one.
    AnotherCode(Answered),
    /// A URL got a later code although an earlier one was free.
    LaterCode(Answered),
    /// A creation was answered although the store does not have the link.
    NotStored(Answered),
    /// A creation was answered with 409 although no other URL has the code.
    NotTaken(Answered),
    /// A request was answered with a status that it cannot have.
    WrongStatus(Answered),
    /// A code led to a URL although its link has expired, or never was.
    LeadsOn(Answered),
    /// A lookup of a link that exists was answered with 404.
    LostLink(Answered),
    /// A creation was granted although there are no members.
    Ownerless(Answered),
    /// A node that can reach no other node acted for another owner.
    StandsIn(Answered),
    /// A 503 without a reason, or without Retry-After.
    NoReason(Answered),
    /// A request was refused although all nodes can be reached.
    Refused(Answered),
    /// A lookup was refused although the node can ask the store.
    NoFallback(Answered),
    /// A request was refused although only one node cannot be reached.
    NoSecondOwner(Answered),
    /// A creation was refused although the owner can be reached.
    OwnerInReach(Answered),
    /// A request had its answer too late.
    LateAnswer { node: String },
    /// A node's ring has other members than the store lists.
    Members { node: String },
    /// A node does not say that its ring may be old, or says it of one that is not.
    Stale { node: String, stale: bool },
    /// Two rings of the same members name different owners.
    OwnersDiffer { node: String, other: String },
}

/// An answer that a node must not give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) node: String,
    pub(super) status: u16,
}
