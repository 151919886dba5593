//! Part 4, a better link shortener: its scenarios.
//!
//! The checker asks three nodes over HTTP, like any client. It asks the graded servers for the
//! content of a table and for a ring, because a lookup would change the table and does not show
//! the ring. The cost of a request is the number of frames between nodes.

mod counter;
mod diagnosis;
mod efficiency;
mod exploration;
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

/// How long a claim may take to come true, once its cause is there.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(5);

/// All that the checker knows of this part.
pub fn part() -> Part {
    Part::read(
        include_str!("../part.toml"),
        include_str!("../hints.md"),
        SCENARIOS,
        exploration::EXPLORATIONS,
        diagnosis::MISTAKES,
    )
}

/// The scenarios of part 4, in the order of its problems.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "part4-balance",
        problem: 1,
        title: "every member owns a fair share of the codes",
        property: "Every member owns about as many codes as any other, whatever the members are called.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::is_balanced(cx)),
    },
    Scenario {
        id: "part4-moves",
        problem: 1,
        title: "a member that comes or goes moves only its own share",
        property: "When a member comes or goes, only its own share of the codes gets another owner.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::moves_little(cx)),
    },
    Scenario {
        id: "part4-agree",
        problem: 1,
        title: "all nodes name the same owner",
        property: "Every node computes the same owner for a code, asks no other node, and does not depend on the order of the members.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::all_agree(cx)),
    },
    Scenario {
        id: "part4-members",
        problem: 1,
        title: "the members are those that the store lists",
        property: "The store lists the members; a node that goes down stays a member.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::follows_the_store(cx)),
    },
    Scenario {
        id: "part4-stale",
        problem: 1,
        title: "without the store the ring stays as it was",
        property: "A node that cannot read the members keeps its ring, and says that it may be old.",
        deadline: DEADLINE,
        run: |cx| Box::pin(ring::stays_without_the_store(cx)),
    },
    Scenario {
        id: "part4-nobody",
        problem: 1,
        title: "without members no link is created",
        property: "While the store lists no members, no node owns a code, and every node refuses creations.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::no_members_create_nothing(cx)),
    },
    Scenario {
        id: "part4-owner",
        problem: 2,
        title: "the owner does the work, at the cost of one request",
        property: "A creation costs one request to the owner and its answer, however many nodes there are.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::goes_to_the_owner(cx)),
    },
    Scenario {
        id: "part4-keeps",
        problem: 2,
        title: "only the owner keeps a link",
        property: "A link is in the table of its owner, and in no other table.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::only_the_owner_keeps_it(cx)),
    },
    Scenario {
        id: "part4-anothers",
        problem: 2,
        title: "a taken code costs one more request",
        property: "When the first code of a URL is taken, the entry asks the owner of the next code.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::code_is_taken(cx)),
    },
    Scenario {
        id: "part4-passed-on",
        problem: 2,
        title: "an owner does not pass a request on",
        property: "While rings differ, no request travels in circles: a node that is asked as the owner does the work.",
        deadline: DEADLINE,
        run: |cx| Box::pin(route::is_not_passed_on(cx)),
    },
    Scenario {
        id: "part4-cut",
        problem: 3,
        title: "a split stops creations across it, but no lookups",
        property: "A node that cannot reach the owner answers lookups from the store, and refuses creations with a reason.",
        deadline: DEADLINE,
        run: |cx| Box::pin(unreachable::links_are_cut(cx)),
    },
    Scenario {
        id: "part4-silent",
        problem: 3,
        title: "a silent owner delays an answer by two seconds at most",
        property: "Every node answers within two seconds, even if the owner does not.",
        deadline: DEADLINE,
        run: |cx| Box::pin(unreachable::owner_is_silent(cx)),
    },
    Scenario {
        id: "part4-changes",
        problem: 3,
        title: "members may come and go under load",
        property: "While members change and all nodes can be reached, every request succeeds.",
        deadline: DEADLINE,
        run: |cx| Box::pin(unreachable::members_change(cx)),
    },
    Scenario {
        id: "part4-values",
        problem: 4,
        title: "the value of a counter is what was added to it",
        property: "The value of a G-Counter is what was added to it, in whatever order and however often counters merge.",
        deadline: DEADLINE,
        run: |cx| Box::pin(counter::values_are_right(cx)),
    },
    Scenario {
        id: "part4-equals",
        problem: 4,
        title: "counters that know the same additions are equal",
        property: "Two counters that know the same additions are equal.",
        deadline: DEADLINE,
        run: |cx| Box::pin(counter::equals_are_equal(cx)),
    },
    Scenario {
        id: "part4-counted",
        problem: 5,
        title: "views are counted, and nothing else",
        property: "A GET that a node answers with a redirect is a view; nothing else is.",
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
        title: "nodes send each other views, without the store",
        property: "Nodes send each other their views: no node asks the store for them, and a node that is cut off sends none.",
        deadline: DEADLINE,
        run: |cx| Box::pin(views::travel_between_nodes(cx)),
    },
    Scenario {
        id: "part4-at-once",
        problem: 5,
        title: "no request waits for the counters",
        property: "A node reads the count and follows a link at once, however busy its counters are.",
        deadline: DEADLINE,
        run: |cx| Box::pin(views::are_read_at_once(cx)),
    },
    Scenario {
        id: "part4-both-sides",
        problem: 6,
        title: "both sides of a split count and learn the sum",
        property: "Both sides of a split count views, and both know the sum after it.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::both_sides_count(cx)),
    },
    Scenario {
        id: "part4-noise",
        problem: 6,
        title: "late and repeated messages do no harm",
        property: "Messages may come late, twice and in any order: all nodes show the same sum.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::noise_does_no_harm(cx)),
    },
    Scenario {
        id: "part4-lost",
        problem: 6,
        title: "the next message makes up for a lost one",
        property: "The next view or the next connection delivers what a lost message did not.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::next_message_makes_up_for_a_lost_one(cx)),
    },
    Scenario {
        id: "part4-amounts",
        problem: 7,
        title: "a restarted node adds to what its peers know",
        property: "A restarted node, which has lost its memory, adds to what its peers know, even if they know different amounts.",
        deadline: DEADLINE,
        run: |cx| Box::pin(restart::peers_know_different_amounts(cx)),
    },
    Scenario {
        id: "part4-before",
        problem: 7,
        title: "views before the first meeting are counted",
        property: "The views that a restarted node counts before it meets a peer add to those that its peers know.",
        deadline: DEADLINE,
        run: |cx| Box::pin(restart::views_before_the_first_meeting(cx)),
    },
    Scenario {
        id: "part4-counters-crash",
        problem: 7,
        title: "a crash of the counters loses nothing",
        property: "When only the counters crash, no known view is lost, and no view counts twice.",
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
        title: "nodes that differ in little send little",
        property: "After a split, nodes send only what differs; a node that knows nothing still gets everything.",
        deadline: DEADLINE,
        run: |cx| Box::pin(efficiency::heal_is_cheap(cx)),
    },
    Scenario {
        id: "part4-visitors",
        problem: 9,
        title: "a returning visitor counts once",
        property: "A sketch of a few kilobytes estimates the number of different visitors, the same on all nodes.",
        deadline: DEADLINE,
        run: |cx| Box::pin(views::returning_visitors_count_once(cx)),
    },
    Scenario {
        id: "part4-two-owners",
        problem: 10,
        title: "the death of an owner stops no request",
        property: "With a second owner, every request succeeds after the death of a node.",
        deadline: DEADLINE,
        run: |cx| Box::pin(unreachable::one_of_two_owners_dies(cx)),
    },
];
