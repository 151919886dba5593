//! Part 4, a better link shortener: its scenarios.
//!
//! Three nodes, each with a store of its own in sight, are asked over HTTP as anybody would ask them.
//! What a table holds, and what a ring says, is asked of the graded servers, since a look-up would
//! change the one and not show the other. What a request costs is counted in frames between nodes.

mod counter;
mod diagnosis;
mod efficiency;
mod fact;
mod messages;
mod netsplit;
mod pages;
mod restart;
mod ring;
mod route;
mod unreachable;
mod views;

use std::time::Duration;

use testkit::part::Part;
use testkit::scenario::{DEADLINE, Scenario};

/// What follows from something that has happened already comes within this time.
const SOON: Duration = Duration::from_secs(5);

/// All that the checker knows of this part.
pub fn part() -> Part {
    Part::read(include_str!("../part.toml"), SCENARIOS, diagnosis::MISTAKES)
}

/// The scenarios of part 4, in the order of its problems.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "part4-balance",
        problem: 1,
        title: "each member gets its share",
        property: "Each member owns about as many codes as any other, whatever the members are called.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::is_balanced(cx)),
    },
    Scenario {
        id: "part4-moves",
        problem: 1,
        title: "a member that comes or goes moves its own share only",
        property: "When a member comes or goes, only its own share of the codes gets another owner.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::moves_little(cx)),
    },
    Scenario {
        id: "part4-agree",
        problem: 1,
        title: "all nodes name the same owner",
        property: "Every node computes the same owner for a code, without asking, in whatever order it heard of the members.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::all_agree(cx)),
    },
    Scenario {
        id: "part4-members",
        problem: 1,
        title: "the members are those that the store lists",
        property: "Membership is what the store lists; who is up or down changes nothing in it.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::follows_the_store(cx)),
    },
    Scenario {
        id: "part4-stale",
        problem: 1,
        title: "without the store the ring stays as it was",
        property: "A ring that cannot be read anew stays as it was, and its node says so.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::keeps_the_old_one(cx)),
    },
    Scenario {
        id: "part4-nobody",
        problem: 1,
        title: "without members nothing is created",
        property: "As long as nobody is a member, nobody owns anything, and creations are refused.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::nobody_owns_anything(cx)),
    },
    Scenario {
        id: "part4-owner",
        problem: 2,
        title: "the owner does the work, for one request",
        property: "A creation costs one request to the owner and its answer, however many nodes there are.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::goes_to_the_owner(cx)),
    },
    Scenario {
        id: "part4-keeps",
        problem: 2,
        title: "only the owner keeps a link",
        property: "A link is in the table of its owner, and in no other.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::only_the_owner_keeps_it(cx)),
    },
    Scenario {
        id: "part4-anothers",
        problem: 2,
        title: "a code that is another URL's costs one request more",
        property: "When the first code of a URL is taken, the owner of the next one is asked.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::code_is_anothers(cx)),
    },
    Scenario {
        id: "part4-passed-on",
        problem: 2,
        title: "what an owner is asked to do it does itself",
        property: "While rings differ, requests do not travel in circles: who is asked does the work.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::is_not_passed_on(cx)),
    },
    Scenario {
        id: "part4-cut",
        problem: 3,
        title: "a split stops creations across it, and no look-ups",
        property: "Out of the owner's reach, look-ups go on from the store; creations are refused, and say why.",
        deadline: DEADLINE,
        run: |cx| Box::pin(unreachable::links_are_cut(cx)),
    },
    Scenario {
        id: "part4-silent",
        problem: 3,
        title: "a silent owner keeps nobody waiting",
        property: "Nobody waits for an owner that does not answer longer than two seconds.",
        deadline: DEADLINE,
        run: |cx| Box::pin(unreachable::owner_is_silent(cx)),
    },
    Scenario {
        id: "part4-changes",
        problem: 3,
        title: "members may come and go under load",
        property: "While members change and all can be reached, no request is refused, and none is misled.",
        deadline: DEADLINE,
        run: |cx| Box::pin(unreachable::members_change(cx)),
    },
    Scenario {
        id: "part4-values",
        problem: 4,
        title: "a counter is worth what was added to it",
        property: "A G-Counter is worth what was added, whoever met whom in which order and how often.",
        deadline: DEADLINE,
        run: |cx| Box::pin(counter::values_are_right(cx)),
    },
    Scenario {
        id: "part4-equals",
        problem: 4,
        title: "counters that know the same are equal",
        property: "Counters that have heard of the same additions are equal.",
        deadline: DEADLINE,
        run: |cx| Box::pin(counter::equals_are_equal(cx)),
    },
    Scenario {
        id: "part4-counted",
        problem: 5,
        title: "views are counted, and nothing else",
        property: "A redirect that is followed is a view; nothing else is.",
        deadline: DEADLINE,
        run: |cx| Box::pin(views::are_counted(cx)),
    },
    Scenario {
        id: "part4-add-up",
        problem: 5,
        title: "concurrent views add up exactly",
        property: "Views on all nodes at the same time add up exactly.",
        deadline: DEADLINE,
        run: |cx| Box::pin(views::add_up(cx)),
    },
    Scenario {
        id: "part4-travel",
        problem: 5,
        title: "views travel between the nodes, and not by the store",
        property: "Nodes tell each other of views: nobody asks the store, and a node that is cut off tells nobody.",
        deadline: DEADLINE,
        run: |cx| Box::pin(views::travel_between_nodes(cx)),
    },
    Scenario {
        id: "part4-at-once",
        problem: 5,
        title: "the count is read without waiting for the server",
        property: "Who asks for the count gets what this node knows, at once.",
        deadline: DEADLINE,
        run: |cx| Box::pin(views::are_read_at_once(cx)),
    },
    Scenario {
        id: "part4-both-sides",
        problem: 6,
        title: "both sides of a split count, and meet",
        property: "Both sides of a split count, and when they meet, both know the sum.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::both_sides_count(cx)),
    },
    Scenario {
        id: "part4-noise",
        problem: 6,
        title: "late and repeated messages do no harm",
        property: "Merges may come late, twice and in any order: the sum is the same.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::noise_does_no_harm(cx)),
    },
    Scenario {
        id: "part4-lost",
        problem: 6,
        title: "a message that is lost is made up for",
        property: "What one message did not bring, the next view or the next meeting brings.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::lost_message_is_made_up_for(cx)),
    },
    Scenario {
        id: "part4-amounts",
        problem: 7,
        title: "a restarted node adds to what its peers know",
        property: "A node that lost its memory adds to what its peers know, though they know different amounts.",
        deadline: DEADLINE,
        run: |cx| Box::pin(restart::peers_know_different_amounts(cx)),
    },
    Scenario {
        id: "part4-before",
        problem: 7,
        title: "views before anybody is met are counted",
        property: "What a restarted node counts before it meets anybody is not lost in what others know of it.",
        deadline: DEADLINE,
        run: |cx| Box::pin(restart::views_before_anybody_is_met(cx)),
    },
    Scenario {
        id: "part4-counters-crash",
        problem: 7,
        title: "a crash of the counters loses nothing",
        property: "When only the server that counts crashes, nothing is lost and nothing counts twice.",
        deadline: DEADLINE,
        run: |cx| Box::pin(restart::only_the_counters_crash(cx)),
    },
    Scenario {
        id: "part4-view-cost",
        problem: 8,
        title: "a view costs the same, however many links there are",
        property: "A view costs the same among a thousand links as among ten.",
        deadline: DEADLINE,
        run: |cx| Box::pin(efficiency::view_is_cheap(cx)),
    },
    Scenario {
        id: "part4-heal-cost",
        problem: 8,
        title: "who knows nearly everything is told little",
        property: "After a split only what differs is sent, and who knows nothing still gets everything.",
        deadline: DEADLINE,
        run: |cx| Box::pin(efficiency::heal_is_cheap(cx)),
    },
    Scenario {
        id: "part4-visitors",
        problem: 9,
        title: "visitors are told apart",
        property: "A sketch of a few kilobytes tells how many different visitors there were, on all nodes.",
        deadline: DEADLINE,
        run: |cx| Box::pin(views::visitors_are_told_apart(cx)),
    },
    Scenario {
        id: "part4-two-owners",
        problem: 10,
        title: "the death of an owner keeps nobody from anything",
        property: "With a second owner, the death of a node costs no availability.",
        deadline: DEADLINE,
        run: |cx| Box::pin(unreachable::one_of_two_owners_dies(cx)),
    },
];
