//! The mistakes of part 4.

mod costs;
mod news;
mod restarts;
mod route;
#[cfg(test)]
mod tests;
mod unreachable;
mod views;

use testkit::diagnosis::{Mistake, service};

/// The more specific mistakes come first.
pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "entry-keeps-answers",
        problems: &[2],
        suggests: "The entry puts the owner's answer into its own table.",
        training: "problem-2-route",
        hint: 2,
        symptom: route::answers_are_kept,
    },
    Mistake {
        id: "others-told-of-creation",
        problems: &[2],
        suggests: "After a creation, nodes that do not own the link get it too.",
        training: "problem-2-route",
        hint: 1,
        symptom: route::others_are_asked_after_a_creation,
    },
    Mistake {
        id: "entry-claims-too",
        problems: &[2],
        suggests: "The entry creates the link itself, and has the owner create it as well.",
        training: "problem-2-route",
        hint: 1,
        symptom: route::entry_claims_as_well,
    },
    Mistake {
        id: "owner-asked-twice",
        problems: &[2],
        suggests: "A creation asks the owner two questions, and the claim alone would answer both.",
        training: "problem-2-route",
        hint: 3,
        symptom: route::owner_is_asked_twice,
    },
    Mistake {
        id: "others-asked-for-link",
        problems: &[2],
        suggests: "A lookup asks nodes that do not own the code.",
        training: "problem-2-route",
        hint: 1,
        symptom: route::others_are_asked_too,
    },
    Mistake {
        id: "owner-never-asked",
        problems: &[2],
        suggests: "The node that gets a lookup does it itself, whichever node owns the code.",
        training: "problem-2-route",
        hint: 2,
        symptom: route::owner_is_never_asked,
    },
    Mistake {
        id: "owner-without-time-limit",
        problems: &[3, 10],
        suggests: "The question to the owner has no timeout of your own.",
        training: "problem-3-owner-unreachable",
        hint: 2,
        symptom: unreachable::owner_has_no_timeout,
    },
    Mistake {
        id: "time-limits-add-up",
        problems: &[3, 10],
        suggests: "The entry waits for each of two owners in turn, and together that takes more than two seconds.",
        training: "problem-10-two-owners",
        hint: 2,
        symptom: unreachable::timeouts_add_up,
    },
    Mistake {
        id: "shares-a-disk",
        problems: &[5, 6, 7, 8],
        suggests: "The nodes exchange views past the network, perhaps through a file that all of them read.",
        training: "problem-5-aggregates",
        hint: 1,
        symptom: service::shares_a_disk,
    },
    Mistake {
        id: "keeps-views-in-the-store",
        problems: &[5, 6, 7, 8],
        suggests: "The nodes write views to the store and read them from it, instead of sending them to each other.",
        training: "problem-5-aggregates",
        hint: 2,
        symptom: views::keeps_views_in_the_store,
    },
    Mistake {
        id: "nobody-told-of-views",
        problems: &[5],
        suggests: "A view stays on its node: the node sends no message about it, or sends it only to members that it looked up too early, or does not await the cast, which then sends nothing.",
        training: "problem-5-aggregates",
        hint: 3,
        symptom: views::no_message_is_sent,
    },
    Mistake {
        id: "one-node-counts-for-all",
        problems: &[5, 6, 7],
        suggests: "One node counts for all: the other nodes send it their views, instead of counting them.",
        training: "the-idea",
        hint: 1,
        symptom: views::owner_counts_for_all,
    },
    Mistake {
        id: "late-news-overwrite",
        problems: &[5, 6],
        suggests: "A message about a slot replaces what the node knows of it, even if the message is older and its count is lower.",
        training: "problem-4-g-counter",
        hint: 1,
        symptom: views::old_messages_overwrite,
    },
    Mistake {
        id: "one-side-tells",
        problems: &[6, 7, 8],
        suggests: "Of two nodes that meet again, only one sends the other what it knows.",
        training: "problem-6-netsplits",
        hint: 2,
        symptom: views::one_side_sends,
    },
    Mistake {
        id: "nothing-told-on-new-link",
        problems: &[6, 7],
        suggests: "When two nodes are connected again, neither sends the other what it knows.",
        training: "problem-6-netsplits",
        hint: 2,
        symptom: views::nothing_is_sent_on_reconnection,
    },
    Mistake {
        id: "slot-used-again",
        problems: &[7],
        suggests: "After a restart, counters that have forgotten their count go on in the slot that they used before.",
        training: "problem-7-restarts",
        hint: 1,
        symptom: restarts::slot_is_used_again,
    },
    Mistake {
        id: "everything-told-on-new-link",
        problems: &[8],
        suggests: "A node that meets another sends it everything, without a comparison of what the other lacks.",
        training: "problem-8-efficiency",
        hint: 1,
        symptom: costs::everything_is_sent_on_reconnection,
    },
];
