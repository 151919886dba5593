//! Explorations of part 4: requests and faults in any order, in a cluster of two to four nodes, beside
//! a model of what the answers must be.

mod between;
mod views;

use std::time::Duration;

use testkit::exploration::{Exploration, Language, explore};
use testkit::scenario::{DEADLINE, Scenario};

use views::Subject;

macro_rules! views {
    ($subject:expr, $problem:literal, $id:literal, $schedules:literal, $title:literal, $property:literal) => {
        Exploration {
            scenario: Scenario {
                id: $id,
                problem: $problem,
                title: $title,
                property: $property,
                deadline: DEADLINE,
                run: |cx| {
                    Box::pin(explore(
                        cx,
                        views::options($subject),
                        |draw| views::draw(draw, $subject),
                        views::Table::of($subject),
                    ))
                },
            },
            schedules: $schedules,
            plan: |draw| views::draw(draw, $subject),
            language: Language::of::<views::Do>(),
        }
    };
}

/// The explorations of part 4.
pub(crate) const EXPLORATIONS: &[Exploration] = &[
    views!(
        Subject::Aggregates,
        5,
        "part4-explore-views",
        100,
        "views on all nodes while messages are late and repeated, and the store refuses nodes",
        "Every node soon shows every view once, in every schedule that was tried."
    ),
    views!(
        Subject::Netsplits,
        6,
        "part4-explore-netsplits",
        100,
        "views while nodes are cut off, silent, paused and late, and messages are lost",
        "Nodes that meet show the views of both, in every schedule that was tried."
    ),
    views!(
        Subject::Restarts,
        7,
        "part4-explore-restarts",
        100,
        "views while nodes are killed and restarted, and counters crash",
        "No view is lost that a living node knew, and none counts twice, in every schedule that was tried."
    ),
    views!(
        Subject::ManyLinks,
        8,
        "part4-explore-many-links",
        10,
        "netsplits in which hundreds of links are viewed, or hardly any",
        "Nodes that meet show the views of all links, in every schedule that was tried."
    ),
    views!(
        Subject::Visitors,
        9,
        "part4-explore-visitors",
        40,
        "visitors who come back, on both sides of netsplits, while messages are lost",
        "All nodes show the same number of visitors, and a returning visitor does not change it, in every schedule that was tried."
    ),
];

/// Silence after which a node counts as down where silence is a subject.
const TICK_TIME: Duration = Duration::from_secs(1);
