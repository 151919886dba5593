//! Runs scenarios: several at once, each against a deadline, and again when nothing can be said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::guard::Guard;
use crate::report::progress::Progress;
use crate::scenario::{Context, Scenario, Steps};
use crate::verdict::{Outcome, Verdict};

/// How many scenarios run at once, unless told otherwise. They mostly wait; more of them would
/// make a machine with two cores too slow to tell a late node from a lost one.
pub const JOBS: usize = 2;

/// How often an inconclusive scenario is run again.
const REPEATS: usize = 2;

/// Runs the scenarios of a part against one program.
pub struct Runner {
    /// Starts processes.
    pub guard: Guard,
    /// The program of a node.
    pub binary: PathBuf,
    /// What its nodes must say that they were built from, if that matters.
    pub sources: Option<String>,
    /// The run's private folder.
    pub folder: PathBuf,
    /// The seed of the run.
    pub seed: u64,
    /// How many scenarios run at once.
    pub jobs: usize,
    /// Problems whose gaps are still the stub's, and what those gaps are called. What fails
    /// there is not wrong, only not written.
    pub gaps: BTreeMap<u8, String>,
    /// Hears how it goes.
    pub progress: Arc<dyn Progress>,
}

impl Runner {
    /// Runs the scenarios, and returns what became of each, in their order.
    ///
    /// Once a problem has turned out not to be written, its other scenarios are left out: they
    /// would only say the same.
    pub async fn run(self: Arc<Self>, scenarios: &[&'static Scenario]) -> Vec<Outcome> {
        let mut waiting = scenarios.iter().copied().enumerate();
        let mut running = JoinSet::new();
        let mut outcomes = BTreeMap::new();
        let mut not_written = BTreeSet::new();
        loop {
            while running.len() < self.jobs.max(1) {
                let Some((place, scenario)) =
                    waiting.find(|(_, scenario)| !not_written.contains(&scenario.problem))
                else {
                    break;
                };
                let runner = Arc::clone(&self);
                running.spawn(async move { (place, runner.settle(scenario).await) });
            }
            match running.join_next().await {
                None => break,
                Some(Ok((place, outcome))) => {
                    if matches!(outcome.verdict, Verdict::NotWritten { .. }) {
                        not_written.insert(outcome.problem);
                    }
                    self.progress.ended(&outcome);
                    outcomes.insert(place, outcome);
                }
                // A panic here is one of the runner itself; the process reports it as its own.
                Some(Err(_)) => {}
            }
        }
        outcomes.into_values().collect()
    }

    /// Runs a scenario until something can be said about it, at most three times.
    async fn settle(&self, scenario: &'static Scenario) -> Outcome {
        self.progress.begun(scenario);
        let begun = Instant::now();
        let mut repeats = Vec::new();
        let verdict = loop {
            let verdict = self.try_once(scenario, repeats.len()).await;
            match verdict {
                Verdict::Inconclusive { why } if repeats.len() < REPEATS => {
                    self.progress.repeated(scenario, &why);
                    repeats.push(why);
                }
                verdict => break verdict,
            }
        };
        let verdict = match (verdict, self.gaps.get(&scenario.problem)) {
            (Verdict::Failed(_) | Verdict::Inconclusive { .. }, Some(gap)) => {
                Verdict::NotWritten { gap: gap.clone() }
            }
            (verdict, _) => verdict,
        };
        Outcome {
            scenario: scenario.id.to_owned(),
            title: scenario.title.to_owned(),
            problem: scenario.problem,
            verdict,
            duration: begun.elapsed(),
            repeats,
            seed: self.seed,
        }
    }

    async fn try_once(&self, scenario: &'static Scenario, repeat: usize) -> Verdict {
        let folder = self.folder.join(format!("{}-{}", scenario.id, repeat + 1));
        if let Err(error) = std::fs::create_dir_all(&folder) {
            return Verdict::CheckerFault {
                why: format!("The checker could not make {}: {error}.", folder.display()),
            };
        }
        let progress = Arc::clone(&self.progress);
        let steps = Steps::new(move |sentence| progress.step(scenario, sentence));
        let context = Context {
            scenario: scenario.id,
            guard: self.guard.clone(),
            binary: self.binary.clone(),
            sources: self.sources.clone(),
            folder,
            seed: self.seed,
            deadline: scenario.deadline,
            steps: steps.clone(),
        };
        // A task of its own, so that a panic of the scenario is this scenario's fault only.
        let story = async move { timeout(scenario.deadline, (scenario.run)(&context)).await };
        match AbortOnDrop(tokio::spawn(story)).join().await {
            Ok(Ok(Ok(()))) => Verdict::Passed {
                property: scenario.property.to_owned(),
            },
            Ok(Ok(Err(stop))) => stop.into_verdict(),
            Ok(Err(_)) => Verdict::Inconclusive {
                why: format!(
                    "It was not through after {} s, and still at this step: {}",
                    scenario.deadline.as_secs(),
                    steps.last()
                ),
            },
            Err(error) => Verdict::CheckerFault {
                why: format!(
                    "The scenario broke off at this step: {} ({error}).",
                    steps.last()
                ),
            },
        }
    }
}

/// A task that ends with whoever waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn join(mut self) -> Result<T, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
