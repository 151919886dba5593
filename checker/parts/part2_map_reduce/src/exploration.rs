//! Explorations of part 2: small jobs and faults in any order, in a cluster of two to four nodes, beside a
//! table of what was asked and what may have come of it.

mod input;
mod model;
mod plan;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use input::Given;
use model::Jobs;
use testkit::cluster::Options;
use testkit::exploration::{Exploration, Language, Operation, explore};
use testkit::scenario::{Context, DEADLINE, Scenario, Told};
use testkit::seed::Draw;

/// What users of part 2 do, and what befalls its workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Do {
    /// Has a node do a job alone.
    Alone { node: String, job: Given },
    /// Gives a job to a node's manager. The folder of its output goes by a number. An output of an earlier job
    /// there is removed first.
    Submit {
        node: String,
        output: u64,
        job: Given,
    },
    /// All workers of a node crash.
    CrashWorkers { node: String },
    /// The input files of the jobs with this output vanish.
    RemoveInput { output: u64 },
}

impl Operation for Do {
    fn sentence(&self) -> String {
        match self {
            Do::Alone { node, job } => format!("{node} alone does a job: {}.", job.sentence()),
            Do::Submit { node, output, job } => format!(
                "{node} is given a job whose output is the folder `out-{output}`: {}.",
                job.sentence()
            ),
            Do::CrashWorkers { node } => format!("{node}'s workers crash."),
            Do::RemoveInput { output } => {
                format!("The input files of the job with the output `out-{output}` are removed.")
            }
        }
    }

    fn simpler(&self) -> Vec<Do> {
        match self {
            Do::Alone { node, job } => {
                let simpler = job.simpler().into_iter();
                simpler
                    .map(|job| Do::Alone {
                        node: node.clone(),
                        job,
                    })
                    .collect()
            }
            Do::Submit { node, output, job } => {
                let (node, output) = (node.clone(), *output);
                let simpler = job.simpler().into_iter();
                simpler
                    .map(|job| Do::Submit {
                        node: node.clone(),
                        output,
                        job,
                    })
                    .collect()
            }
            Do::CrashWorkers { .. } | Do::RemoveInput { .. } => Vec::new(),
        }
    }

    fn commands(&self) -> Vec<String> {
        match self {
            Do::Alone { node, job } => job.commands(&format!("call {node} local Run"), "alone"),
            Do::Submit { node, output, job } => job.commands(
                &format!("call {node} manager Submit"),
                &format!("out-{output}"),
            ),
            Do::CrashWorkers { node } => vec![format!("crash {node} workers")],
            Do::RemoveInput { output } => vec![format!("# Remove the input of out-{output}.")],
        }
    }
}

/// What is broken while a problem is explored, and what its claims may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    /// The problem.
    pub(crate) problem: u8,
    /// Whether workers crash, and nodes die.
    pub(crate) deaths: bool,
    /// Whether assignments and results are lost, late, or arrive twice.
    pub(crate) losses: bool,
    /// Whether nodes are cut off, silent, or paused.
    pub(crate) netsplits: bool,
    /// Whether a manager that crashes continues its jobs.
    pub(crate) continues: bool,
}

const LEVELS: [Level; 7] = {
    const LEVEL: Level = Level {
        problem: 1,
        deaths: false,
        losses: false,
        netsplits: false,
        continues: false,
    };
    [
        LEVEL,
        Level {
            problem: 2,
            ..LEVEL
        },
        Level {
            problem: 3,
            deaths: true,
            ..LEVEL
        },
        Level {
            problem: 4,
            deaths: true,
            losses: true,
            ..LEVEL
        },
        Level {
            problem: 5,
            deaths: true,
            losses: true,
            netsplits: true,
            ..LEVEL
        },
        Level {
            problem: 6,
            deaths: true,
            continues: true,
            ..LEVEL
        },
        Level {
            problem: 7,
            ..LEVEL
        },
    ]
};

/// Silence after which a node is declared down, where silence is a subject.
const TICK_TIME: Duration = Duration::from_secs(8);

async fn explored(
    cx: &Context,
    level: Level,
    plan: fn(&mut Draw) -> testkit::exploration::Plan,
) -> Told {
    let mut options = Options::default();
    if level.netsplits {
        options.tick_time = TICK_TIME;
    }
    explore(cx, options, plan, Jobs::of(level)).await
}

macro_rules! exploration {
    ($level:literal, $id:literal, $schedules:literal, $title:literal, $property:literal) => {
        Exploration {
            scenario: Scenario {
                id: $id,
                problem: LEVELS[$level - 1].problem,
                title: $title,
                property: $property,
                // Most of it is virtual: after a story, each job has time to come to its end.
                deadline: DEADLINE.saturating_mul(10),
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

/// The explorations of part 2, one a problem.
pub(crate) const EXPLORATIONS: &[Exploration] = &[
    exploration!(
        1,
        "part2-explore-local",
        250,
        "small and odd inputs, counted and indexed by one node",
        "Every result is exact, in every schedule that was tried."
    ),
    exploration!(
        2,
        "part2-explore-distribute",
        110,
        "jobs of any size, some at the same time, while nodes join",
        "Every job ends in time with the exact result, in every schedule that was tried."
    ),
    exploration!(
        3,
        "part2-explore-failures",
        80,
        "workers crash, records crash them, and nodes die and come back",
        "Every job ends with the exact result or with a required error, in every schedule that was tried."
    ),
    exploration!(
        4,
        "part2-explore-delivery",
        80,
        "assignments and results are lost, late and repeated, and managers restart",
        "Every result counts once and every job ends, in every schedule that was tried."
    ),
    exploration!(
        5,
        "part2-explore-netsplits",
        60,
        "nodes are cut off, silent, paused, killed and restarted",
        "Every job ends with the exact result, in every schedule that was tried."
    ),
    exploration!(
        6,
        "part2-explore-managers",
        60,
        "managers crash, beside workers and nodes",
        "A restarted manager continues every job under its id, in every schedule that was tried."
    ),
    exploration!(
        7,
        "part2-explore-combiner",
        110,
        "values are combined over many splits, files and nodes",
        "Every result is exact, in every schedule that was tried."
    ),
];
