//! Runs scenarios in both worlds: on processes, which decide, and beside them in a simulation.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Runner;
use testkit::interrupt::Interrupt;
use testkit::scenario::Scenario;
use testkit::verdict::{Outcome, Verdict, World};

impl Runner {
    /// Runs the scenarios on processes, as [`run_each`](Runner::run_each) does, and beside them under so many
    /// seeds in a simulation. `settled` hears what both say of a scenario.
    ///
    /// `simulation` is the runner of the simulation, once its program is built; or why nothing can be
    /// simulated, a sentence.
    pub async fn run_in_both(
        self: Arc<Self>,
        simulation: impl Future<Output = Result<Runner, String>>,
        seeds: u64,
        scenarios: &[&'static Scenario],
        interrupt: &Interrupt,
        settled: impl FnMut(usize, Outcome),
    ) -> Vec<(usize, Outcome)> {
        let mut both = Both {
            on_processes: BTreeMap::new(),
            simulated: BTreeMap::new(),
            is_simulated: false,
            settled,
        };
        let progress = Arc::clone(&self.progress);
        let (known, mut on_processes) = mpsc::unbounded_channel();
        let mut running = pin!(self.run_each(scenarios, interrupt, move |place, outcome| {
            let _ = known.send((place, outcome));
        }));
        let (known, mut simulated) = mpsc::unbounded_channel();
        let mut simulating = pin!(async move {
            let runner = tokio::select! { biased;
                runner = simulation => runner,
                _ = interrupt.raised() => return,
            };
            let known = |place, outcome| drop(known.send((place, outcome)));
            match runner {
                Ok(runner) => {
                    let simulated = runner.simulate_each(scenarios, seeds, interrupt, known);
                    simulated.await;
                }
                Err(why) => not_simulated(scenarios, &why, 0, known),
            }
        });
        let mut under_way = None;
        loop {
            tokio::select! { biased;
                Some((place, outcome)) = on_processes.recv() => {
                    if both.waits_for_simulation(&outcome, place) {
                        progress.step(scenarios[place], "Simulate it under other seeds.");
                    }
                    both.on_processes(place, outcome);
                }
                Some((place, outcome)) = simulated.recv() => {
                    progress.simulated(&outcome);
                    both.simulated(place, outcome);
                }
                ended = &mut running, if under_way.is_none() => under_way = Some(ended),
                () = &mut simulating, if !both.is_simulated => {
                    while let Ok((place, outcome)) = simulated.try_recv() {
                        both.simulated(place, outcome);
                    }
                    both.simulation_ended();
                }
            }
            if both.on_processes.is_empty()
                && on_processes.is_empty()
                && let Some(under_way) = under_way.take()
            {
                return under_way;
            }
        }
    }
}

/// Says of all scenarios that they cannot be simulated, and why.
pub fn not_simulated(
    scenarios: &[&'static Scenario],
    why: &str,
    seed: u64,
    mut settled: impl FnMut(usize, Outcome),
) {
    for (place, scenario) in scenarios.iter().enumerate() {
        let verdict = Verdict::Inconclusive {
            why: why.to_owned(),
        };
        let outcome = Outcome {
            world: World::Simulated,
            ..scenario.outcome(verdict, seed)
        };
        settled(place, outcome);
    }
}

/// What the two worlds have said so far, by the places of scenarios.
struct Both<S> {
    /// What waits for the simulation.
    on_processes: BTreeMap<usize, Outcome>,
    /// What waits for the processes.
    simulated: BTreeMap<usize, Outcome>,
    /// Whether the simulation has said all.
    is_simulated: bool,
    settled: S,
}

impl<S: FnMut(usize, Outcome)> Both<S> {
    fn waits_for_simulation(&self, outcome: &Outcome, place: usize) -> bool {
        let is_open = matches!(
            outcome.verdict,
            Verdict::Passed { .. } | Verdict::Inconclusive { .. }
        );
        is_open && !self.is_simulated && !self.simulated.contains_key(&place)
    }

    fn on_processes(&mut self, place: usize, outcome: Outcome) {
        if self.waits_for_simulation(&outcome, place) {
            self.on_processes.insert(place, outcome);
            return;
        }
        let outcome = match self.simulated.remove(&place) {
            Some(simulated) => in_both(outcome, simulated),
            None => outcome,
        };
        (self.settled)(place, outcome);
    }

    fn simulated(&mut self, place: usize, simulated: Outcome) {
        match self.on_processes.remove(&place) {
            Some(outcome) => (self.settled)(place, in_both(outcome, simulated)),
            None => {
                self.simulated.insert(place, simulated);
            }
        }
    }

    fn simulation_ended(&mut self) {
        self.is_simulated = true;
        for (place, outcome) in std::mem::take(&mut self.on_processes) {
            (self.settled)(place, outcome);
        }
    }
}

/// What both worlds say of a scenario. The processes decide, but a claim that did not hold in a simulation
/// did not hold.
fn in_both(on_processes: Outcome, simulated: Outcome) -> Outcome {
    let mut outcome = on_processes;
    match (&outcome.verdict, simulated.verdict) {
        (Verdict::Passed { .. } | Verdict::Inconclusive { .. }, Verdict::Failed(failure)) => {
            return Outcome {
                verdict: Verdict::Failed(failure),
                repeats: outcome.repeats,
                ..simulated
            };
        }
        (Verdict::Passed { .. }, Verdict::Passed { .. }) => outcome.schedules = simulated.schedules,
        (Verdict::Passed { .. }, Verdict::Inconclusive { why } | Verdict::CheckerFault { why }) => {
            outcome.unsimulated = Some(why);
        }
        (Verdict::Passed { .. }, Verdict::NotWritten { gap }) => {
            let seed = simulated.seed;
            let why = format!(
                "With seed {seed}, the simulation reached {gap}, which is not written yet."
            );
            outcome.unsimulated = Some(why);
        }
        _ => {}
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::verdict::Failure;
    use testkit::verdict::Standing::{self, *};

    fn outcome(standing: Standing, world: World) -> Outcome {
        static SCENARIO: Scenario = Scenario {
            id: "story",
            problem: 1,
            title: "a story",
            property: "It holds.",
            deadline: std::time::Duration::from_secs(1),
            run: |_| Box::pin(async { Ok(()) }),
        };
        let why = || format!("why {world:?}");
        let verdict = match standing {
            Passed => Verdict::Passed {
                property: "It holds.".into(),
            },
            Failed => Verdict::Failed(Box::new(Failure::new("step", why(), "expected"))),
            Inconclusive => Verdict::Inconclusive { why: why() },
            NotWritten => Verdict::NotWritten {
                gap: "TODO(2)".into(),
            },
            CheckerFault => Verdict::CheckerFault { why: why() },
        };
        let seed = match world {
            World::Processes => 1000,
            World::Simulated => 7,
        };
        Outcome {
            world,
            schedules: match (world, standing) {
                (World::Simulated, Passed) => 25,
                _ => 0,
            },
            ..SCENARIO.outcome(verdict, seed)
        }
    }

    #[track_caller]
    fn check(
        on_processes: Standing,
        simulated: Standing,
        expected: Standing,
        world: World,
    ) -> Outcome {
        let both = in_both(
            outcome(on_processes, World::Processes),
            outcome(simulated, World::Simulated),
        );
        assert_eq!((both.verdict.standing(), both.world), (expected, world));
        both
    }

    #[test]
    fn failure_in_a_simulation_fails_the_scenario_with_its_seed() {
        for on_processes in [Passed, Inconclusive] {
            let both = check(on_processes, Failed, Failed, World::Simulated);
            assert_eq!(both.seed, 7);
        }
    }

    #[test]
    fn processes_decide_what_they_do_not_pass() {
        for standing in [Failed, NotWritten, CheckerFault] {
            let both = check(standing, Failed, standing, World::Processes);
            assert_eq!(both.seed, 1000);
        }
    }

    #[test]
    fn pass_in_both_worlds_counts_the_schedules() {
        let both = check(Passed, Passed, Passed, World::Processes);
        assert_eq!((both.seed, both.schedules), (1000, 25));
        assert_eq!(both.unsimulated, None);
    }

    #[test]
    fn simulation_that_says_nothing_takes_no_pass_away() {
        for simulated in [Inconclusive, CheckerFault, NotWritten] {
            let both = check(Passed, simulated, Passed, World::Processes);
            assert_eq!(both.schedules, 0);
            let said = both.unsimulated.unwrap();
            assert!(
                said.contains("why Simulated") || said.contains("TODO(2)"),
                "{said}"
            );
        }
    }

    #[test]
    fn pass_waits_for_the_simulation_and_failure_does_not() {
        let mut settled = Vec::new();
        let mut both = Both {
            on_processes: BTreeMap::new(),
            simulated: BTreeMap::new(),
            is_simulated: false,
            settled: |place, outcome: Outcome| settled.push((place, outcome.verdict.standing())),
        };
        both.on_processes(0, outcome(Passed, World::Processes));
        both.on_processes(1, outcome(Failed, World::Processes));
        both.simulated(2, outcome(Failed, World::Simulated));
        both.simulated(0, outcome(Passed, World::Simulated));
        both.on_processes(2, outcome(Passed, World::Processes));
        both.on_processes(3, outcome(Passed, World::Processes));
        both.simulation_ended();
        drop(both);
        assert_eq!(
            settled,
            [(1, Failed), (0, Passed), (2, Failed), (3, Passed)]
        );
    }
}
