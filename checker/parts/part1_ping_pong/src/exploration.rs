//! Explorations of part 1: pings, questions to everyone and faults in any order, in a cluster of two
//! to four nodes, beside a table of what each consumer must know.

mod model;
mod plan;
mod small;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use model::Table;
use testkit::cluster::Options;
use testkit::exploration::{Exploration, Language, Operation, explore};
use testkit::scenario::{Context, DEADLINE, Scenario, Told};
use testkit::seed::count_of;

/// What users of part 1 do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Do {
    /// Has a node's producer send a ping.
    Ping(String),
    /// Has a node's producer send so many pings, one after the other.
    PingMany { node: String, count: u64 },
    /// Has a node's producer ask everyone.
    Ask(String),
}

impl Operation for Do {
    fn sentence(&self) -> String {
        match self {
            Do::Ping(node) => format!("{node} sends a ping."),
            Do::PingMany { node, count } => {
                format!("{node} sends {}.", count_of(*count, "ping"))
            }
            Do::Ask(node) => format!("{node} asks everyone."),
        }
    }

    fn simpler(&self) -> Vec<Do> {
        match self {
            Do::Ping(_) => Vec::new(),
            Do::PingMany { node, count } => {
                let few = [2, 20, 101].into_iter().filter(|few| few < count);
                let few = few.map(|count| Do::PingMany {
                    node: node.clone(),
                    count,
                });
                [Do::Ping(node.clone())].into_iter().chain(few).collect()
            }
            // A question has more to it than a ping.
            Do::Ask(node) => vec![Do::Ping(node.clone())],
        }
    }

    fn commands(&self) -> Vec<String> {
        let (command, times) = match self {
            Do::Ping(node) => (format!("call {node} producer SendPing"), 1),
            Do::PingMany { node, count } => (format!("call {node} producer SendPing"), *count),
            Do::Ask(node) => (format!("call {node} producer AskEveryone"), 1),
        };
        vec![command; times as usize]
    }
}

/// What is broken while a problem is explored, and what its claims may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    /// The problem.
    pub(crate) problem: u8,
    /// Whether consumers crash, and recover the counts of the producers that they can reach.
    pub(crate) consumers_recover: bool,
    /// Whether nodes meet again, and learn each other's counts.
    pub(crate) meetings: bool,
    /// Whether producers crash, and continue their counts.
    pub(crate) producers_continue: bool,
}

const LEVELS: [Level; 6] = {
    const LEVEL: Level = Level {
        problem: 1,
        consumers_recover: false,
        meetings: false,
        producers_continue: false,
    };
    [
        LEVEL,
        Level {
            problem: 2,
            ..LEVEL
        },
        Level {
            problem: 3,
            consumers_recover: true,
            ..LEVEL
        },
        Level {
            problem: 4,
            meetings: true,
            ..LEVEL
        },
        Level {
            problem: 5,
            consumers_recover: true,
            meetings: true,
            ..LEVEL
        },
        Level {
            problem: 6,
            producers_continue: true,
            ..LEVEL
        },
    ]
};

impl Level {
    /// Silence after which a node is down: in any case longer than a delay, and longer than a story where
    /// silence is no subject.
    fn tick_time(self) -> Duration {
        Duration::from_secs(match self.problem {
            2 => 2,
            _ if self.meetings => 1,
            _ => 120,
        })
    }

    /// The longest delay of messages between two nodes, in milliseconds.
    fn max_delay(self) -> u64 {
        if self.meetings { 400 } else { 1_200 }
    }
}

async fn explored(cx: &Context, level: Level, plan: Drawn) -> Told {
    let options = Options {
        tick_time: level.tick_time(),
        ..Options::default()
    };
    explore(cx, options, plan, Table::of(level)).await
}

/// Draws a story.
type Drawn = fn(&mut testkit::seed::Draw) -> testkit::exploration::Plan;

macro_rules! exploration {
    ($level:literal, $id:literal, $schedules:literal, $title:literal, $property:literal) => {
        Exploration {
            scenario: Scenario {
                id: $id,
                problem: LEVELS[$level - 1].problem,
                title: $title,
                property: $property,
                deadline: DEADLINE,
                run: |cx| {
                    Box::pin(explored(cx, LEVELS[$level - 1], |draw| {
                        plan::draw(draw, LEVELS[$level - 1])
                    }))
                },
            },
            schedules: $schedules,
            plan: |draw| plan::draw(draw, LEVELS[$level - 1]),
            small: small::of(LEVELS[$level - 1]),
            language: Language::of::<Do>(),
        }
    };
}

/// The explorations of part 1, one a problem.
pub(crate) const EXPLORATIONS: &[Exploration] = &[
    exploration!(
        1,
        "part1-explore-broadcast",
        200,
        "pings in any order, repeated, held back, and beside paused nodes",
        "Every ping reaches every connected consumer and counts once, in every schedule that was tried."
    ),
    exploration!(
        2,
        "part1-explore-everyone",
        200,
        "questions to everyone while nodes are paused, killed, cut off and slow",
        "The answer accounts for every node in time, in every schedule that was tried."
    ),
    exploration!(
        3,
        "part1-explore-crashes",
        200,
        "consumers crash while pings are lost, late and repeated",
        "Consumers recover every count that they can reach, in every schedule that was tried."
    ),
    exploration!(
        4,
        "part1-explore-netsplits",
        200,
        "nodes are cut off, silent, late, killed and restarted",
        "Nodes that meet learn each other's counts, in every schedule that was tried."
    ),
    exploration!(
        5,
        "part1-explore-crashes-in-splits",
        200,
        "consumers crash before, during and after netsplits",
        "Every count is right after the network heals, in every schedule that was tried."
    ),
    exploration!(
        6,
        "part1-explore-lost-counts",
        200,
        "producers crash, alone or with their consumer, beside paused and slow nodes",
        "No producer repeats a number that a reachable consumer has seen, in every schedule that was tried."
    ),
];
