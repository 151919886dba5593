//! Explorations of part 4: requests and faults in any order, in a cluster of two to four nodes, beside
//! a model of what the answers must be.

mod between;
mod links;
mod views;

use std::time::Duration;

use testkit::cluster::{Cluster, Options};
use testkit::exploration::{Exploration, Language, explore};
use testkit::scenario::{DEADLINE, Scenario, Told};

use crate::pages::member;

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
            small: None,
            language: Language::of::<views::Do>(),
        }
    };
}

macro_rules! links {
    ($problem:literal, $id:literal, $schedules:literal, $options:expr, $plan:expr, $model:expr, $title:literal, $property:literal) => {
        Exploration {
            scenario: Scenario {
                id: $id,
                problem: $problem,
                title: $title,
                property: $property,
                deadline: DEADLINE,
                run: |cx| Box::pin(explore(cx, $options, $plan, $model)),
            },
            schedules: $schedules,
            plan: $plan,
            small: None,
            language: Language::of::<links::Do>(),
        }
    };
}

/// The explorations of part 4.
pub(crate) const EXPLORATIONS: &[Exploration] = &[
    links!(
        1,
        "part4-explore-ring",
        60,
        Options::with_store(),
        links::draw_ring,
        links::Members::default(),
        "members come and go while nodes die and the store fails",
        "Every node has the members that the store lists, or says that its ring may be old, in every schedule that was tried."
    ),
    links!(
        2,
        "part4-explore-route",
        40,
        links::options(),
        |draw| links::draw(draw, links::Subject::Route),
        links::Service::of(links::Subject::Route),
        "creations and lookups on all nodes while members come and go and links expire",
        "Each code leads to one URL, through the work of its owner alone, in every schedule that was tried."
    ),
    links!(
        3,
        "part4-explore-unreachable",
        40,
        links::options(),
        |draw| links::draw(draw, links::Subject::Unreachable),
        links::Service::of(links::Subject::Unreachable),
        "creations and lookups while owners are dead, cut off and silent, and the store fails",
        "No link is lost, no code leads to two URLs, and every answer comes in time, in every schedule that was tried."
    ),
    views!(
        views::Subject::Aggregates,
        5,
        "part4-explore-views",
        40,
        "views on all nodes while messages are late and repeated, and the store refuses nodes",
        "Every node soon shows every view once, in every schedule that was tried."
    ),
    views!(
        views::Subject::Netsplits,
        6,
        "part4-explore-netsplits",
        40,
        "views while nodes are cut off, silent, paused and late, and messages are lost",
        "Nodes that meet show the views of both, in every schedule that was tried."
    ),
    views!(
        views::Subject::Restarts,
        7,
        "part4-explore-restarts",
        40,
        "views while nodes are killed and restarted, and counters crash",
        "No view is lost that a living node knew, and none counts twice, in every schedule that was tried."
    ),
    views!(
        views::Subject::ManyLinks,
        8,
        "part4-explore-many-links",
        12,
        "netsplits in which hundreds of links are viewed, or hardly any",
        "Nodes that meet show the views of all links, in every schedule that was tried."
    ),
    views!(
        views::Subject::Visitors,
        9,
        "part4-explore-visitors",
        30,
        "visitors who come back, on both sides of netsplits, while messages are lost",
        "All nodes show the same number of visitors, and a returning visitor does not change it, in every schedule that was tried."
    ),
    links!(
        10,
        "part4-explore-two-owners",
        40,
        links::options(),
        |draw| links::draw(draw, links::Subject::TwoOwners),
        links::Service::of(links::Subject::TwoOwners),
        "creations and lookups while one node dies, is cut off, and comes back",
        "All nodes but the one that cannot be reached serve every request in time, in every schedule that was tried."
    ),
];

/// The sentence for a change of the members.
fn member_changes(node: &str, added: bool) -> String {
    match added {
        true => format!("An operator adds {node} to the members."),
        false => format!("An operator removes {node} from the members."),
    }
}

/// The command of `checker play` for the same.
fn member_command(node: &str, added: bool) -> String {
    match added {
        true => format!("store set {}", member(node)),
        false => format!("store del {}", member(node)),
    }
}

/// Makes a change of the members.
async fn change_members(cluster: &Cluster<'_>, node: &str, added: bool) -> Told {
    match added {
        true => cluster.store_set(&member(node), "").await,
        false => cluster.store_delete(&member(node)).await.map(drop),
    }
}

/// Silence after which a node is declared down, where silence is a subject.
const TICK_TIME: Duration = Duration::from_secs(1);
