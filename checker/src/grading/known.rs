//! What is known of a part while it is run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::order::{Explore, Order, Worlds, seeds};
use grader::part_report::PartReport;
use testkit::exploration::Exploration;
use testkit::part::Part;
use testkit::scenario::Scenario;
use testkit::verdict::{Outcome, ProblemResult, Standing, Verdict, World};

/// What is known of a part while it is run.
pub(super) struct Known<'a> {
    part: &'static Part,
    order: &'a Order,
    /// The folder of the run, which the folders of outcomes are named within.
    folder: &'a Path,
    pub(super) wanted: Vec<&'static Scenario>,
    /// By round, and by place among those that are wanted.
    pub(super) outcomes: BTreeMap<(usize, usize), Outcome>,
    /// How many of these were under way when the run was ended.
    pub(super) broken_off: usize,
    /// What became of explorations.
    pub(super) explored: Vec<Outcome>,
}

impl<'a> Known<'a> {
    pub(super) fn nothing(part: &'static Part, order: &'a Order, folder: &'a Path) -> Known<'a> {
        let is_wanted = |scenario: &&Scenario| {
            order.problems.is_empty() || order.problems.contains(&scenario.problem)
        };
        Known {
            part,
            order,
            folder,
            wanted: match &order.explore {
                Explore::Alone(_) => Vec::new(),
                Explore::Story(story) if order.worlds == Worlds::Only(World::Processes) => {
                    let exploration = part.exploration(&story.scenario);
                    exploration.map(|of| &of.scenario).into_iter().collect()
                }
                Explore::Story(_) => Vec::new(),
                Explore::Off | Explore::Passed(_) => {
                    part.scenarios.iter().filter(is_wanted).collect()
                }
            },
            outcomes: BTreeMap::new(),
            broken_off: 0,
            explored: Vec::new(),
        }
    }

    /// The explorations that are to be done, as far as is known of the scenarios.
    pub(super) fn to_explore(&self) -> Vec<&'static Exploration> {
        let is_wanted = |exploration: &&Exploration| {
            let scenario = &exploration.scenario;
            let of_problem = || {
                self.outcomes
                    .values()
                    .filter(|of| of.problem == scenario.problem)
            };
            let is_of_order =
                self.order.problems.is_empty() || self.order.problems.contains(&scenario.problem);
            match &self.order.explore {
                Explore::Off => false,
                Explore::Passed(_) => {
                    is_of_order
                        && of_problem().all(|of| of.verdict.standing() == Standing::Passed)
                        && of_problem().next().is_some()
                }
                Explore::Alone(_) => is_of_order,
                Explore::Story(story) => story.scenario == scenario.id,
            }
        };
        self.part.explorations.iter().filter(is_wanted).collect()
    }

    /// How often a story failed on processes, as a sentence.
    pub(super) fn story_on_processes(&self) -> Option<String> {
        let on_processes = self.order.worlds == Worlds::Only(World::Processes);
        self.order.story().filter(|_| on_processes)?;
        let all = self.outcomes.len();
        let failed = self.outcomes.values();
        let failed = failed.filter(|of| of.verdict.standing() == Standing::Failed);
        Some(match failed.count() {
            0 => format!(
                "In {all} runs on processes, the story did not fail: there, its messages came in another order."
            ),
            failed => format!("The story failed in {failed} of {all} runs on processes."),
        })
    }

    /// A folder, as it is named within that of the run.
    pub(super) fn within(&self, folder: Option<PathBuf>) -> Option<PathBuf> {
        Some(folder?.strip_prefix(self.folder).ok()?.to_owned())
    }

    pub(super) fn enter(&mut self, round: usize, place: usize, mut outcome: Outcome) {
        outcome.folder = self.within(outcome.folder.take());
        self.outcomes.insert((round, place), outcome);
    }

    /// Enters what is known into a report, with that verdict for the rest.
    pub(super) fn conclude(&self, mut report: PartReport, rest: &Verdict) -> PartReport {
        let mut outcomes = Vec::new();
        let mut unfinished = self.broken_off;
        for (round, seed) in seeds(self.order).enumerate() {
            // Where a problem is not written, what was not run would say the same.
            let is_left_out = |scenario: &Scenario| {
                let of_round = self.outcomes.range((round, 0)..(round + 1, 0));
                let mut outcomes = of_round.map(|(_, outcome)| outcome);
                outcomes.any(|outcome| {
                    outcome.problem == scenario.problem
                        && outcome.verdict.standing() == Standing::NotWritten
                })
            };
            for (place, scenario) in self.wanted.iter().enumerate() {
                match self.outcomes.get(&(round, place)) {
                    Some(outcome) => {
                        // It was broken off, if not by us.
                        let fault = outcome.verdict.standing() == Standing::CheckerFault;
                        unfinished += usize::from(fault);
                        outcomes.push(outcome.clone());
                    }
                    None if is_left_out(scenario) => {}
                    None => {
                        unfinished += 1;
                        outcomes.push(scenario.outcome(rest.clone(), seed));
                    }
                }
            }
        }
        outcomes.extend(self.explored.iter().cloned());
        report.complete = unfinished == 0;
        if !report.complete {
            report.notes.push(format!(
                "{unfinished} of {} scenarios were not finished.",
                outcomes.len()
            ));
        }
        report.conclude(by_problem(self.part, self.order, outcomes));
        report
    }
}

fn by_problem(part: &Part, order: &Order, outcomes: Vec<Outcome>) -> Vec<ProblemResult> {
    part.problems
        .iter()
        .filter(|problem| order.problems.is_empty() || order.problems.contains(&problem.number))
        .map(|problem| {
            let own: Vec<_> = outcomes
                .iter()
                .filter(|outcome| outcome.problem == problem.number)
                .cloned()
                .collect();
            // Who asks for a problem by its number wants to know of that one.
            let optional = problem.optional && order.problems.is_empty();
            let all = part.scenarios.iter();
            let scenarios = all.filter(|scenario| scenario.problem == problem.number);
            ProblemResult::new(problem.number, problem.title, optional, own)
                .worth(problem.points, scenarios.count())
        })
        .collect()
}
