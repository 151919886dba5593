//! Explorations of part 3: creations, lookups and faults in any order, on one to four nodes, beside a
//! model of which links there must be, and which tables must have them.

mod answers;
mod model;
mod plan;
mod sweeping;
mod tables;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use model::Service;
use testkit::cluster::Options;
use testkit::exploration::{Exploration, Language, Operation, Plan, explore};
use testkit::scenario::{Context, DEADLINE, Scenario, Told};
use testkit::seed::{Draw, count_of};

use super::url;

/// What clients and visitors do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Do {
    /// A client creates a link to a page.
    Create(Create),
    /// A client creates so many links, one after the other.
    CreateMany {
        node: String,
        page: String,
        count: u64,
    },
    /// Visitors ask a node for a code, spread over some time.
    Follow {
        node: String,
        code: String,
        visitors: u64,
        over_ms: u64,
    },
    /// A visitor asks a node for so many codes that do not exist, one after the other.
    FollowUnknown {
        node: String,
        code: String,
        count: u64,
    },
    /// Visitors ask a node for all links that the other nodes have.
    FollowAll { node: String },
    /// All of these at the same moment.
    Together(Vec<Do>),
}

/// A creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Create {
    pub(crate) node: String,
    pub(crate) page: String,
    /// The code that the client chose, if it chose one.
    pub(crate) code: Option<String>,
    /// The time to live, in seconds; forever, if not given.
    pub(crate) ttl: Option<u64>,
}

impl Operation for Do {
    fn sentence(&self) -> String {
        let mut sentence = self.clause();
        sentence.push('.');
        sentence
    }

    fn simpler(&self) -> Vec<Do> {
        match self {
            Do::Create(create) => {
                let mut simpler = Vec::new();
                if create.ttl.is_some() {
                    simpler.push(Do::Create(Create {
                        ttl: None,
                        ..create.clone()
                    }));
                }
                let shorter = [1, 60]
                    .into_iter()
                    .filter(|ttl| create.ttl.is_some_and(|now| ttl < &now));
                simpler.extend(shorter.map(|ttl| {
                    Do::Create(Create {
                        ttl: Some(ttl),
                        ..create.clone()
                    })
                }));
                simpler
            }
            Do::CreateMany { node, page, count } => fewer(*count)
                .map(|count| Do::CreateMany {
                    node: node.clone(),
                    page: page.clone(),
                    count,
                })
                .collect(),
            Do::Follow {
                node,
                code,
                visitors,
                over_ms,
            } => {
                let follow = |visitors, over_ms| Do::Follow {
                    node: node.clone(),
                    code: code.clone(),
                    visitors,
                    over_ms,
                };
                let mut simpler: Vec<Do> = fewer(*visitors)
                    .map(|fewer| follow(fewer, *over_ms))
                    .collect();
                if *over_ms > 0 {
                    simpler.push(follow(*visitors, 0));
                }
                simpler
            }
            Do::FollowUnknown { node, code, count } => fewer(*count)
                .map(|count| Do::FollowUnknown {
                    node: node.clone(),
                    code: code.clone(),
                    count,
                })
                .collect(),
            Do::FollowAll { .. } => Vec::new(),
            Do::Together(all) => all.clone(),
        }
    }

    fn commands(&self) -> Vec<String> {
        match self {
            Do::Create(create) => {
                let mut command = format!("curl {} / url={}", create.node, url(&create.page));
                if let Some(code) = &create.code {
                    command.push_str(&format!(" code={code}"));
                }
                if let Some(ttl) = create.ttl {
                    command.push_str(&format!(" ttl={ttl}"));
                }
                vec![command]
            }
            Do::CreateMany { node, page, count } => super::numbered(page, *count)
                .map(|name| format!("curl {node} / url={}", url(&name)))
                .collect(),
            Do::Follow {
                node,
                code,
                visitors,
                ..
            } => {
                vec![format!("curl {node} /{code}"); *visitors as usize]
            }
            Do::FollowUnknown { node, code, count } => super::numbered(code, *count)
                .map(|code| format!("curl {node} /{code}"))
                .collect(),
            Do::FollowAll { .. } => Vec::new(),
            Do::Together(all) => all.iter().flat_map(Do::commands).collect(),
        }
    }
}

/// Smaller counts, the smallest first.
fn fewer(count: u64) -> impl Iterator<Item = u64> {
    [1, 2, 6, 20, 100, 1000]
        .into_iter()
        .filter(move |fewer| *fewer < count)
}

impl Do {
    /// A sentence without its end.
    fn clause(&self) -> String {
        match self {
            Do::Create(Create {
                node,
                page,
                code,
                ttl,
            }) => {
                let code = code
                    .as_ref()
                    .map_or_else(String::new, |code| format!(" with the code {code}"));
                let ttl = ttl.map_or_else(String::new, |ttl| {
                    format!(", for {}", count_of(ttl, "second"))
                });
                format!(
                    "a client has {node} create a link to {}{code}{ttl}",
                    url(page)
                )
            }
            Do::CreateMany { node, page, count } => {
                format!(
                    "clients have {node} create {}, to {}-1 and so on",
                    count_of(*count, "link"),
                    url(page)
                )
            }
            Do::Follow {
                node,
                code,
                visitors,
                over_ms,
            } => {
                let time = match over_ms {
                    0 if *visitors > 1 => ", all at once".to_owned(),
                    0 => String::new(),
                    ms => format!(", within {ms} ms"),
                };
                format!(
                    "{} asks {node} for {code}{time}",
                    count_of(*visitors, "visitor")
                )
                .replace("visitors asks", "visitors ask")
            }
            Do::FollowUnknown { node, code, count } => {
                format!(
                    "a visitor asks {node} for {}, {code}-1 and so on",
                    count_of(*count, "unknown code")
                )
            }
            Do::FollowAll { node } => {
                format!("visitors ask {node} for all links that the other nodes have")
            }
            Do::Together(all) => {
                let all: Vec<String> = all.iter().map(Do::clause).collect();
                format!("at the same moment {}", all.join(", and "))
            }
        }
    }
}

/// What happens while a problem is explored, and what its claims may rely on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    /// The problem.
    pub(crate) problem: u8,
    /// Whether a table is full from the start.
    pub(crate) is_full: bool,
    /// Whether creations reach the other tables.
    pub(crate) replicates: bool,
    /// Whether tables meet.
    pub(crate) meets: bool,
    /// Whether nodes that come up spare the store.
    pub(crate) warms_up: bool,
    /// Whether requests that the store cannot answer are judged.
    pub(crate) store_down: bool,
    /// Whether one sweeper removes expired links.
    pub(crate) sweeps: bool,
}

const LEVELS: [Level; 7] = {
    const LEVEL: Level = Level {
        problem: 1,
        is_full: false,
        replicates: false,
        meets: false,
        warms_up: false,
        store_down: false,
        sweeps: false,
    };
    [
        LEVEL,
        Level {
            problem: 2,
            replicates: true,
            ..LEVEL
        },
        Level {
            problem: 3,
            replicates: true,
            meets: true,
            ..LEVEL
        },
        Level {
            problem: 4,
            replicates: true,
            meets: true,
            warms_up: true,
            ..LEVEL
        },
        Level {
            problem: 5,
            store_down: true,
            ..LEVEL
        },
        Level {
            problem: 6,
            replicates: true,
            sweeps: true,
            ..LEVEL
        },
        Level {
            is_full: true,
            ..LEVEL
        },
    ]
};

/// Silence after which a node is declared down, where silence is a subject.
const TICK_TIME: Duration = Duration::from_secs(1);

async fn explored(cx: &Context, level: Level, plan: fn(&mut Draw) -> Plan) -> Told {
    let mut options = Options::with_store();
    if level.meets || level.sweeps {
        options.tick_time = TICK_TIME;
    }
    explore(cx, options, plan, Service::of(level)).await
}

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
            small: None,
            language: Language::of::<Do>(),
        }
    };
}

/// The explorations of part 3, in the order of its problems.
pub(crate) const EXPLORATIONS: &[Exploration] = &[
    exploration!(
        1,
        "part3-explore-cache",
        100,
        "creations and lookups in any order, of codes that expire, and by many visitors at the same time",
        "Tables answer what they know and stay small, and an expired link leads nowhere, in every schedule that was tried."
    ),
    exploration!(
        7,
        "part3-explore-full-tables",
        6,
        "creations and lookups in any order, after a stranger has filled a table",
        "A full table stays within its limit and goes on answering, in every schedule that was tried."
    ),
    exploration!(
        2,
        "part3-explore-replication",
        100,
        "links are created beside paused, late and slow nodes, while caches crash",
        "Every connected table has every new link after the store has it, in every schedule that was tried."
    ),
    exploration!(
        3,
        "part3-explore-netsplits",
        100,
        "links are created and expire while nodes are cut off, silent and paused",
        "Tables that meet have each other's links, and the later one of two, in every schedule that was tried."
    ),
    exploration!(
        4,
        "part3-explore-restarts",
        60,
        "nodes join late, are killed and start again, and visitors ask for everything",
        "A node that comes up gets all links from its peers and spares the store, in every schedule that was tried."
    ),
    exploration!(
        5,
        "part3-explore-store",
        100,
        "the store refuses, stalls, loses its answers and is slow, at any time",
        "Known links still redirect, everything else gets a 503 in time, and no code leads to two pages, in every schedule that was tried."
    ),
    exploration!(
        6,
        "part3-explore-sweeping",
        60,
        "links expire and are created again while sweepers crash and are cut off",
        "One sweeper removes what has expired and nothing else, in every schedule that was tried."
    ),
];
