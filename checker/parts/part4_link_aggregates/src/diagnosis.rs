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

/// The more telling ones first.
pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "entry-keeps-answers",
        problems: &[2],
        suggests: "The node that was asked puts what the owner answers into its own table.",
        training: "problem-2-route",
        hint: 2,
        symptom: route::answers_are_kept,
    },
    Mistake {
        id: "others-told-of-creation",
        problems: &[2],
        suggests: "After a creation, nodes that do not own the link are told of it, or asked for it, so that they have it too.",
        training: "problem-2-route",
        hint: 1,
        symptom: route::others_are_told_of_a_creation,
    },
    Mistake {
        id: "entry-claims-too",
        problems: &[2],
        suggests: "The node that is asked creates the link itself, and has the owner create it as well.",
        training: "problem-2-route",
        hint: 1,
        symptom: route::entry_claims_as_well,
    },
    Mistake {
        id: "owner-asked-twice",
        problems: &[2],
        suggests: "A creation asks the owner two questions, where the claim alone would answer both.",
        training: "problem-2-route",
        hint: 3,
        symptom: route::owner_is_asked_twice,
    },
    Mistake {
        id: "others-asked-for-link",
        problems: &[2],
        suggests: "A look-up asks nodes that do not own the code.",
        training: "problem-2-route",
        hint: 1,
        symptom: route::others_are_asked_too,
    },
    Mistake {
        id: "owner-never-asked",
        problems: &[2],
        suggests: "A look-up is done by the node that is asked, whoever owns the code.",
        training: "problem-2-route",
        hint: 2,
        symptom: route::owner_is_never_asked,
    },
    Mistake {
        id: "owner-without-time-limit",
        problems: &[3, 10],
        suggests: "There is no time limit of your own around the question to the owner.",
        training: "problem-3-owner-unreachable",
        hint: 2,
        symptom: unreachable::owner_has_no_timeout,
    },
    Mistake {
        id: "time-limits-add-up",
        problems: &[3, 10],
        suggests: "Each of two owners is waited for on its own, and together that is longer than two seconds.",
        training: "problem-10-two-owners",
        hint: 2,
        symptom: unreachable::timeouts_add_up,
    },
    Mistake {
        id: "shares-a-disk",
        problems: &[5, 6, 7, 8],
        suggests: "The nodes tell each other of views past the network, perhaps by a file that all of them read.",
        training: "problem-5-aggregates",
        hint: 1,
        symptom: service::shares_a_disk,
    },
    Mistake {
        id: "keeps-views-in-the-store",
        problems: &[5, 6, 7, 8],
        suggests: "Views are written to the store and read from it, instead of being told from node to node.",
        training: "problem-5-aggregates",
        hint: 2,
        symptom: views::keeps_views_in_the_store,
    },
    Mistake {
        id: "nobody-told-of-views",
        problems: &[5],
        suggests: "A view stays where it was counted: nobody is told of it, or those who are told were looked up before there was anybody, or a cast is never awaited, without which nothing is sent.",
        training: "problem-5-aggregates",
        hint: 3,
        symptom: views::nobody_is_told,
    },
    Mistake {
        id: "one-node-counts-for-all",
        problems: &[5, 6, 7],
        suggests: "Views are sent to one node, which counts for all, instead of being counted where they happen.",
        training: "which-node-has-which-link",
        hint: 1,
        symptom: views::owner_counts_for_all,
    },
    Mistake {
        id: "late-news-overwrite",
        problems: &[5, 6],
        suggests: "What a message says of a slot replaces what is known of it, also when it is older and says less.",
        training: "problem-4-g-counter",
        hint: 1,
        symptom: views::old_news_overwrite,
    },
    Mistake {
        id: "one-side-tells",
        problems: &[6, 7, 8],
        suggests: "Of two nodes that meet again, only one tells the other what it knows.",
        training: "problem-6-netsplits",
        hint: 2,
        symptom: views::one_side_tells,
    },
    Mistake {
        id: "nothing-told-on-new-link",
        problems: &[6, 7],
        suggests: "When two nodes are connected again, neither tells the other what it knows.",
        training: "problem-6-netsplits",
        hint: 2,
        symptom: views::nothing_is_told_on_a_new_link,
    },
    Mistake {
        id: "slot-used-again",
        problems: &[7],
        suggests: "After a restart, counters that have forgotten how far they had counted go on in the slot that they used before.",
        training: "problem-7-restarts",
        hint: 1,
        symptom: restarts::slot_is_used_again,
    },
    Mistake {
        id: "everything-told-on-new-link",
        problems: &[8],
        suggests: "Who meets another node tells it everything, without finding out first what the other one lacks.",
        training: "problem-8-efficiency",
        hint: 1,
        symptom: costs::everything_is_sent_on_reconnection,
    },
];
