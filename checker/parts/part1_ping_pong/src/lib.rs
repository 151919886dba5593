//! Part 1, ping pong: its scenarios.
//!
//! Each is a story of two to five nodes. The seed draws which node plays which part, and how many
//! pings it sends; where a mistake could show for the smaller name only, or for the larger one, the
//! story has both. A count of 0 and a missing count are the same: the exercise leaves that open.

mod broadcast;
mod consumers;
mod crash;
mod diagnosis;
mod everyone;
mod exploration;
mod fact;
mod lost_count;
mod messages;
mod netsplit;
mod pings;
mod told;

use std::ops::RangeInclusive;
use std::time::Duration;

use testkit::part::Part;
use testkit::scenario::{DEADLINE, Scenario};

/// How long a message may be under way between nodes with nothing in between, and how long a server
/// may take to handle it.
const TRANSIT: Duration = Duration::from_millis(250);

/// A message that is under way arrives within this time, however busy the machine; usually it takes
/// milliseconds.
const SOON: Duration = Duration::from_secs(5);

/// How long a restarted server may take to know again what it knew.
const RECOVERY: Duration = Duration::from_secs(3);

/// The nodes of most stories.
const ALL: &[&str] = &["n1", "n2", "n3"];

/// The names of which some stories draw theirs, so that no program can hold a list of them.
const NAMES: [&str; 9] = ["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"];

/// Counts that need more than 32 bits. No scenario has the time to send so many pings.
const LARGE: RangeInclusive<u64> = 5_000_000_000..=9_000_000_000;

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

/// The scenarios of part 1, in the order of its problems.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "part1-broadcast",
        problem: 1,
        title: "a ping reaches every connected consumer, and SendPing answers with its number",
        property: "A ping reaches every connected consumer, including its own node's and that of a node that joined late.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::reaches_every_connected_consumer(cx)),
    },
    Scenario {
        id: "part1-twice",
        problem: 1,
        title: "a ping that is delivered twice counts once",
        property: "Receiving is idempotent: a ping that is delivered twice counts once, and a late one undoes nothing.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::delivered_twice_counts_once(cx)),
    },
    Scenario {
        id: "part1-disconnected",
        problem: 1,
        title: "a broadcast does not reconnect a node that was disconnected on purpose",
        property: "A broadcast goes to the connected nodes, and connects no others.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::disconnected_stays_disconnected(cx)),
    },
    Scenario {
        id: "part1-hidden",
        problem: 1,
        title: "a hidden node gets no pings",
        property: "A hidden node observes a cluster and is not a member of it: a broadcast leaves it out.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::hidden_node_gets_none(cx)),
    },
    Scenario {
        id: "part1-at-once",
        problem: 1,
        title: "SendPing answers at once, even if a node is paused",
        property: "A cast does not wait for its receiver: one silent node does not delay the pings to the others.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::answers_at_once(cx)),
    },
    Scenario {
        id: "part1-everyone",
        problem: 2,
        title: "the answer contains every node with its current total, including the asking node",
        property: "The answer contains each node's current total, for every caller.",
        deadline: DEADLINE,
        run: |cx| Box::pin(everyone::appears_with_its_current_total(cx)),
    },
    Scenario {
        id: "part1-dead-and-paused",
        problem: 2,
        title: "the answer names a paused node as failed, and gives a dead one no total",
        property: "The answer names a node that cannot answer as failed: it neither forgets the node nor guesses its total.",
        deadline: DEADLINE,
        run: |cx| Box::pin(everyone::names_dead_and_paused(cx)),
    },
    Scenario {
        id: "part1-three-silent",
        problem: 2,
        title: "three silent nodes delay the answer no longer than one",
        property: "However many nodes are silent, the answer costs one timeout, and a slow node still has its time.",
        deadline: DEADLINE,
        run: |cx| Box::pin(everyone::answers_in_time(cx)),
    },
    Scenario {
        id: "part1-regains",
        problem: 3,
        title: "a restarted consumer recovers every count within 3 s, also after a lost ping",
        property: "A consumer that crashed recovers every count within 3 s, without a new ping.",
        deadline: DEADLINE,
        run: |cx| Box::pin(crash::recovers_every_count(cx)),
    },
    Scenario {
        id: "part1-silent-producer",
        problem: 3,
        title: "a silent producer does not withhold the counts of the others",
        property: "A producer that does not answer does not delay the counts of the others.",
        deadline: DEADLINE,
        run: |cx| Box::pin(crash::silent_producer_withholds_nothing(cx)),
    },
    Scenario {
        id: "part1-late-answer",
        problem: 3,
        title: "a late answer does not overwrite a newer ping",
        property: "An older count does not overwrite a newer one, in whatever order they arrive.",
        deadline: DEADLINE,
        run: |cx| Box::pin(crash::late_answer_overwrites_nothing(cx)),
    },
    Scenario {
        id: "part1-partition",
        problem: 4,
        title: "after a partition both sides learn each other's counts",
        property: "After a partition both sides know every count again, without a new ping.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::heals_after_partition(cx)),
    },
    Scenario {
        id: "part1-blackhole",
        problem: 4,
        title: "after a silence both sides learn each other's counts",
        property: "After a silence in which both sides declared each other down, both know every count again.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::heals_after_blackhole(cx)),
    },
    Scenario {
        id: "part1-newcomers",
        problem: 4,
        title: "a late node and a restarted one exchange counts with the others",
        property: "A node that comes late, or comes back without memory, learns what it missed.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::newcomers_learn(cx)),
    },
    Scenario {
        id: "part1-crash-in-split",
        problem: 5,
        title: "a consumer that crashed during the split knows every count after the network heals",
        property: "After a crash during a netsplit, no count is missing once the network heals.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::crash_during_split(cx)),
    },
    Scenario {
        id: "part1-lost-count",
        problem: 6,
        title: "a restarted producer continues its count, even if a consumer is silent",
        property: "A producer's memory is in its consumers: after a crash it continues its count.",
        deadline: DEADLINE,
        run: |cx| Box::pin(lost_count::continues_its_count(cx)),
    },
    Scenario {
        id: "part1-lost-count-twice",
        problem: 6,
        title: "a producer that crashed along with its consumer continues its count, even if the others answer slowly",
        property: "No producer repeats a number that a running consumer has seen, however slowly that consumer answers.",
        deadline: DEADLINE,
        run: |cx| Box::pin(lost_count::asks_every_consumer(cx)),
    },
];

/// Names in their order: the cast is drawn, and it does not matter which nodes stand side by side.
fn sorted<const N: usize>(mut names: [&str; N]) -> [&str; N] {
    names.sort_unstable();
    names
}

/// The highest of some counts.
fn highest(counts: &[(&str, u64)]) -> u64 {
    counts.iter().map(|(_, count)| *count).max().unwrap_or(0)
}
