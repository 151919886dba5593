//! The mistakes of part 3 that the messages between the nodes, or the commands to the store, give away.

mod meeting;
mod telling;
#[cfg(test)]
mod tests;
mod waiting;

use crate::fact::Fact;
use testkit::diagnosis::{Case, Mistake};

const REPLICATE: &str = "problem-2-replicate";
const NETSPLITS: &str = "problem-3-netsplits";
const STORE_DOWN: &str = "problem-5-store-down";
const REGISTRY: &str = "problem-6-registry";

/// The first one that fits is named, so a special mistake stands before a general one.
pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "creation-waits-for-others",
        problems: &[2],
        suggests: "A creation waits until the other nodes have answered that they have the link.",
        training: REPLICATE,
        hint: 2,
        symptom: waiting::creation_waits_for_others,
    },
    Mistake {
        id: "tells-one-after-another",
        problems: &[2],
        suggests: "The creator sends a link to one node after another, and each has to answer before the next one gets it.",
        training: REPLICATE,
        hint: 2,
        symptom: waiting::one_after_another,
    },
    Mistake {
        id: "tells-a-process-that-is-gone",
        problems: &[2],
        suggests: "The creator looks up the members once, and sends to their old addresses from then on.",
        training: REPLICATE,
        hint: 2,
        symptom: telling::gone_process_is_told,
    },
    Mistake {
        id: "tells-nobody",
        problems: &[2],
        suggests: "The creator sends no other node its links: perhaps the group has no members yet, or a cast is never awaited, and so sends nothing.",
        training: REPLICATE,
        hint: 3,
        symptom: telling::nobody_is_told,
    },
    Mistake {
        id: "does-not-tell-all",
        problems: &[2],
        suggests: "The creator does not send a link to all members that are in the group at that moment.",
        training: REPLICATE,
        hint: 2,
        symptom: telling::some_are_not_told,
    },
    Mistake {
        id: "only-one-side-tells",
        problems: &[3],
        suggests: "Of two nodes that meet, only one sends the other its table.",
        training: NETSPLITS,
        hint: 2,
        symptom: meeting::one_side_tells,
    },
    Mistake {
        id: "does-not-tell-who-is-back",
        problems: &[3, 4],
        suggests: "The other nodes do not send their tables to a node that is back.",
        training: NETSPLITS,
        hint: 2,
        symptom: meeting::returned_node_is_not_told,
    },
    Mistake {
        id: "sends-part-of-its-table",
        problems: &[3, 4],
        suggests: "A node sends a part of its table to a node that comes up or is back, not all of it.",
        training: NETSPLITS,
        hint: 2,
        symptom: meeting::part_of_the_table,
    },
    Mistake {
        id: "does-not-learn-tables",
        problems: &[3, 4],
        suggests: "A node does not take over the links of a table that another node sends, or takes over only those of the first table.",
        training: NETSPLITS,
        hint: 3,
        symptom: meeting::table_is_not_learned,
    },
    Mistake {
        id: "tries-the-store-again",
        problems: &[5],
        suggests: "A node repeats a command that the store does not answer, again and again, before it answers the client.",
        training: STORE_DOWN,
        hint: 2,
        symptom: waiting::store_is_tried_again,
    },
    Mistake {
        id: "does-not-tell-the-tables",
        problems: &[6],
        suggests: "The sweeper does not tell the tables of the other nodes which links are gone.",
        training: REGISTRY,
        hint: 3,
        symptom: telling::tables_are_not_told,
    },
];

/// A link that a table lacks, and its creation.
struct Lacking<'a> {
    /// The node of the table.
    node: &'a str,
    code: &'a str,
    /// The node that created the link last.
    creator: &'a str,
    /// When the creation was answered.
    created_us: u64,
}

fn lacking<'a>(case: &Case<'a>) -> Option<Lacking<'a>> {
    let Fact::TableLacks { node, code, .. } = case.fact()? else {
        return None;
    };
    let node = case.nodes().iter().find(|known| **known == node)?;
    let mut requests = case.requests().into_iter().rev();
    let created = requests.find(|asked| asked.created() == Some(&code))?;
    Some(Lacking {
        node,
        code: created.created()?,
        creator: created.node,
        created_us: created.at_us,
    })
}
