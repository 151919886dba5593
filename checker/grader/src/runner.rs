//! Runs scenarios: several at once, each against a deadline, and again when nothing can be said.

mod both;
mod simulation;

pub use both::not_simulated;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout};

use crate::gaps;
use crate::progress::Progress;
use crate::sources::Sources;
use testkit::diagnosis::diagnose;
use testkit::exploration::{Exploration, Plan};
use testkit::guard::{Guard, own_program};
use testkit::interrupt::Interrupt;
use testkit::isolation::Sandbox;
use testkit::part::Part;
use testkit::processes::Processes;
use testkit::run_dir::RunDir;
use testkit::scenario::{Context, Findings, Grounds, Scenario, Steps, Told};
use testkit::store::Stores;
use testkit::trouble::{Result, While};
use testkit::verdict::{Outcome, Verdict, World};
use testkit::world::Ground;

/// How many scenarios run at once, unless told otherwise. They mostly wait; more of them would
/// make a machine with two cores too slow to tell a late node from a lost one.
pub const JOBS: usize = 2;

/// How often an inconclusive scenario is run again.
const REPEATS: usize = 2;

/// What is observed where all claims held without the code that they are about.
pub const HELD_UNWRITTEN: &str = "every claim held, but a gap that is needed holds no code";

/// How long a story may take to end once its time has expired. One that does not is left alone, as
/// the other scenarios must not wait for it.
const GRACE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

/// How many stories are being told in this process.
static STORIES: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Runs the scenarios of a part against one program.
#[derive(Clone)]
pub struct Runner {
    /// Starts processes.
    pub guard: Guard,
    /// The program of a node.
    pub binary: PathBuf,
    /// What its nodes must say that they were built from, if that matters.
    pub sources: Option<String>,
    /// The part's data, which its scenarios may use.
    pub data: PathBuf,
    /// The part that they are of.
    pub part: &'static Part,
    /// Where traces and logs go.
    pub folder: PathBuf,
    /// Where the nodes put what they keep to themselves.
    pub scratch: PathBuf,
    /// The seed of the run.
    pub seed: u64,
    /// How many scenarios run at once.
    pub jobs: usize,
    /// Problems whose gaps are still the stub's, and what those gaps are called. What fails
    /// there is not wrong, only not written.
    pub gaps: BTreeMap<u8, String>,
    /// The store of the run, which starts when a scenario needs it.
    pub stores: Stores,
    /// What walls the nodes in, if anything does.
    pub sandbox: Option<Sandbox>,
    /// The story that explorations tell; each draws its own, if none is given.
    pub story: Option<Plan>,
    /// Hears how it goes.
    pub progress: Arc<dyn Progress>,
}

/// How long is explored.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// How many schedules of each exploration; as many as it is worth, if not given.
    pub schedules: Option<u64>,
    /// No longer than this, for each exploration.
    pub time: Option<Duration>,
    /// The file with the only story that is told.
    pub story: Option<PathBuf>,
    /// Whether all small stories are told first.
    pub small: bool,
    /// Whether a story that breaks a claim is not shrunk.
    pub as_found: bool,
}

impl Asked {
    fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if let Some(schedules) = self.schedules {
            flags.extend(["--schedules".to_owned(), schedules.to_string()]);
        }
        if let Some(time) = self.time {
            flags.extend(["--time".to_owned(), time.as_secs().to_string()]);
        }
        if let Some(story) = &self.story {
            flags.extend(["--plan".to_owned(), story.display().to_string()]);
        }
        if self.small {
            flags.push("--small".to_owned());
        }
        if self.as_found {
            flags.push("--as-found".to_owned());
        }
        flags
    }
}

impl Runner {
    /// Runs the scenarios, and returns what became of each, in their order. See [`run_each`](Runner::run_each).
    pub async fn run(self: Arc<Self>, scenarios: &[&'static Scenario]) -> Vec<Outcome> {
        let mut outcomes = BTreeMap::new();
        let settled = |place, outcome| {
            self.progress.ended(&outcome);
            outcomes.insert(place, outcome);
        };
        let runner = Arc::clone(&self);
        runner
            .run_each(scenarios, &Interrupt::never(), settled)
            .await;
        outcomes.into_values().collect()
    }

    /// Runs the scenarios, and says of each what became of it, with its place among them, as soon as
    /// that is known. When it is interrupted, those under way are broken off and returned, and nothing is
    /// said of those that wait.
    ///
    /// Once a problem has turned out not to be written, its other scenarios are left out: they
    /// would only say the same. Likewise, once a node has not even come up at a scenario's start,
    /// all that are left are taken to fail as that one did.
    pub async fn run_each(
        self: Arc<Self>,
        scenarios: &[&'static Scenario],
        interrupt: &Interrupt,
        mut settled: impl FnMut(usize, Outcome),
    ) -> Vec<(usize, Outcome)> {
        let mut waiting = scenarios.iter().copied().enumerate();
        let mut running = JoinSet::new();
        // A few: as many as run at once.
        let mut under_way: Vec<(Id, usize, &'static Scenario, Instant)> = Vec::new();
        let mut not_written = BTreeSet::new();
        let mut before_all = None;
        loop {
            if let Some(failure) = &before_all {
                for (place, scenario) in waiting.by_ref() {
                    let verdict = Verdict::Failed(Box::clone(failure));
                    settled(place, scenario.outcome(verdict, self.seed));
                }
            }
            while running.len() < self.jobs.max(1) {
                let Some((place, scenario)) =
                    waiting.find(|(_, scenario)| !not_written.contains(&scenario.problem))
                else {
                    break;
                };
                let runner = Arc::clone(&self);
                let task = running.spawn(async move { runner.settle(scenario).await });
                under_way.push((task.id(), place, scenario, Instant::now()));
            }
            let ended = tokio::select! { biased;
                ended = running.join_next_with_id() => ended,
                why = interrupt.raised() => {
                    drop(running);
                    let broken_off = under_way.into_iter().map(|(_, place, scenario, begun)| {
                        let outcome = self.broken_off(scenario, begun, &why);
                        self.progress.ended(&outcome);
                        (place, outcome)
                    });
                    return broken_off.collect();
                }
            };
            let Some(ended) = ended else {
                return Vec::new();
            };
            let task = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
            let Some(ended_one) = under_way.iter().position(|(id, ..)| *id == task) else {
                continue;
            };
            let (_, place, scenario, _) = under_way.swap_remove(ended_one);
            let outcome = match ended {
                Ok((_, outcome)) => outcome,
                // A panic here is one of the runner itself; the process reports it as its own.
                Err(_) => {
                    let why = "The checker failed in this scenario.".to_owned();
                    scenario.outcome(Verdict::CheckerFault { why }, self.seed)
                }
            };
            match &outcome.verdict {
                Verdict::NotWritten { .. } => {
                    not_written.insert(outcome.problem);
                }
                Verdict::Failed(failure) if failure.before_all => {
                    before_all.get_or_insert_with(|| failure.clone());
                }
                _ => {}
            }
            settled(place, outcome);
        }
    }

    fn broken_off(&self, scenario: &Scenario, begun: Instant, why: &str) -> Outcome {
        let tries = (0..=REPEATS).rev();
        let verdict = Verdict::Inconclusive {
            why: format!("{why}, while the scenario was running"),
        };
        let mut folders = tries.map(|repeat| self.folder_of_try(scenario, repeat));
        Outcome {
            duration: begun.elapsed(),
            folder: folders.find(|folder| folder.is_dir()),
            ..scenario.outcome(verdict, self.seed)
        }
    }

    /// Simulates each scenario under this many seeds, and returns the outcome of each, with its
    /// place among them: passed under all seeds, or the outcome under the first seed with which it did
    /// not. The program must be one that simulates when it is told to.
    pub async fn simulate_each(
        &self,
        scenarios: &[&'static Scenario],
        seeds: u64,
        interrupt: &Interrupt,
        mut settled: impl FnMut(usize, Outcome),
    ) {
        let mut known = 0;
        let simulated = |place: usize, outcome: Outcome| {
            known = place + 1;
            settled(place, self.in_simulation(outcome));
        };
        let flags = vec!["--seeds".to_owned(), seeds.to_string()];
        let simulating = simulation::simulate(self, scenarios, flags, simulated);
        let ended = tokio::select! { biased;
            ended = simulating => ended,
            _ = interrupt.raised() => return,
        };
        if let Err(verdict) = ended {
            for (place, scenario) in scenarios.iter().enumerate().skip(known) {
                let outcome = scenario.outcome(verdict.clone(), self.seed);
                settled(place, self.in_simulation(outcome));
            }
        }
    }

    /// Simulates scenarios and stories of explorations once, and leaves the traces of all in the runner's
    /// folder. What did not come so far has none.
    pub async fn trace_each(&self, scenarios: &[&'static Scenario]) {
        let flags = ["--traces", "--schedules", "1"].map(str::to_owned).to_vec();
        let _ = simulation::simulate(self, scenarios, flags, |_, _| {}).await;
    }

    /// Explores in a simulation: this many schedules of each exploration, or as many as are worthwhile, and no
    /// longer than that time. Says of each what became of it.
    pub async fn explore_each(
        &self,
        explorations: &[&'static Exploration],
        asked: &Asked,
        interrupt: &Interrupt,
        mut settled: impl FnMut(Outcome),
    ) {
        let scenarios: Vec<&'static Scenario> =
            explorations.iter().map(|of| &of.scenario).collect();
        let mut known = 0;
        let explored = |_, outcome: Outcome| {
            known += 1;
            settled(self.in_simulation(outcome));
        };
        let exploring = simulation::simulate(self, &scenarios, asked.flags(), explored);
        let ended = tokio::select! { biased;
            ended = exploring => ended,
            _ = interrupt.raised() => return,
        };
        if let Err(verdict) = ended {
            for scenario in &scenarios[known..] {
                let outcome = scenario.outcome(verdict.clone(), self.seed);
                settled(self.in_simulation(outcome));
            }
        }
    }

    /// What became of a scenario in a simulation.
    fn in_simulation(&self, outcome: Outcome) -> Outcome {
        let outcome = self.without_gaps(outcome);
        Outcome {
            world: World::Simulated,
            ..outcome
        }
    }

    /// Runs a scenario until something can be said about it, at most three times.
    async fn settle(&self, scenario: &'static Scenario) -> Outcome {
        self.progress.begun(scenario);
        let begun = Instant::now();
        let mut repeats = Vec::new();
        let mut findings;
        let verdict = loop {
            findings = Findings::default();
            let verdict = self.try_once(scenario, repeats.len(), &findings).await;
            match verdict {
                Verdict::Inconclusive { why } if repeats.len() < REPEATS => {
                    self.progress.repeated(scenario, &why);
                    repeats.push(why);
                }
                verdict => break verdict,
            }
        };
        let last_try = self.folder_of_try(scenario, repeats.len());
        let mut outcome = Outcome {
            duration: begun.elapsed(),
            repeats,
            observations: findings.observations(),
            ..scenario.outcome(verdict, self.seed)
        };
        outcome = self.without_gaps(outcome);
        if let Verdict::Failed(failure) = &mut outcome.verdict {
            let traces = findings.traces();
            let problem = scenario.problem;
            failure.diagnosis = diagnose(self.part, problem, scenario.id, failure, &traces);
        }
        outcome.folder = Some(last_try);
        outcome
    }

    /// What became of a scenario, in view of the gaps of its problem that hold no code.
    fn without_gaps(&self, mut outcome: Outcome) -> Outcome {
        let passed = matches!(outcome.verdict, Verdict::Passed { .. });
        if !passed {
            outcome.observations.clear();
            outcome.schedules = 0;
        }
        let Some(gaps) = self.gaps.get(&outcome.problem) else {
            return outcome;
        };
        outcome.verdict = match outcome.verdict {
            // All that the problem needs, not only the gap that was come to first.
            Verdict::NotWritten { gap } if !gaps.contains(&gap) => Verdict::NotWritten { gap },
            Verdict::CheckerFault { why } => Verdict::CheckerFault { why },
            _ => Verdict::NotWritten { gap: gaps.clone() },
        };
        if passed {
            // What holds without the code that it needs was not earned.
            outcome.observations = vec![HELD_UNWRITTEN.to_owned()];
            outcome.schedules = 0;
        }
        outcome
    }

    fn folder_of_try(&self, scenario: &Scenario, repeat: usize) -> PathBuf {
        self.folder.join(format!("{}-{}", scenario.id, repeat + 1))
    }

    /// Makes the folder that the nodes of some parts share.
    fn lay_out(&self, context: &Context) -> Result<()> {
        if !self.part.shares_files {
            return Ok(());
        }
        let shared = context.shared();
        std::fs::create_dir_all(&shared).or_trouble(|| format!("make {}", shared.display()))
    }

    async fn try_once(
        &self,
        scenario: &'static Scenario,
        repeat: usize,
        findings: &Findings,
    ) -> Verdict {
        let folder = self.folder_of_try(scenario, repeat);
        if let Err(error) = std::fs::create_dir_all(&folder) {
            return Verdict::CheckerFault {
                why: format!("The checker could not make {}: {error}.", folder.display()),
            };
        }
        let progress = Arc::clone(&self.progress);
        let steps = Steps::new(move |sentence| progress.step(scenario, sentence));
        let processes = Processes {
            guard: self.guard.clone(),
            binary: self.binary.clone(),
            sources: self.sources.clone(),
            stores: self.stores.clone(),
            sandbox: self.sandbox.clone(),
        };
        let grounds = Grounds {
            ground: Ground::Processes(processes),
            data: self.data.clone(),
            seed: self.seed,
        };
        // The nodes see this one, and are not to see which scenario they are in.
        let scratch = match getrandom::u64() {
            Ok(number) => self.scratch.join(format!("{number:016x}")),
            Err(error) => {
                return Verdict::CheckerFault {
                    why: format!("The checker could not get a random number: {error}."),
                };
            }
        };
        let (deadline, heard) = (scenario.deadline, steps.clone());
        let mut context = Context::new(scenario.id, grounds, folder, scratch, deadline, heard);
        context.findings = findings.clone();
        context.plan = self.story.clone();
        if let Err(trouble) = self.lay_out(&context) {
            return Verdict::CheckerFault {
                why: format!("The checker {trouble}."),
            };
        }
        let scratch = context.scratch.clone();
        let ending = told_aside(scenario, context).await;
        // Not only at the end of the run: each node may have filled its folder.
        let _ = std::fs::remove_dir_all(scratch);
        match ending {
            Ending::Told(told) => scenario.verdict(told),
            Ending::TooLate => scenario.too_late(&steps).into(),
            Ending::Panicked => Verdict::CheckerFault {
                why: format!("The scenario stopped at this step: {}", steps.last()),
            },
            Ending::NotStarted(error) => Verdict::Inconclusive {
                why: format!("This machine could not start a thread for the scenario: {error}."),
            },
        }
    }
}

/// How the telling of a story ended.
enum Ending {
    /// It said how.
    Told(Told),
    /// It was not through in time.
    TooLate,
    /// It panicked.
    Panicked,
    /// The system had no thread for it.
    NotStarted(std::io::Error),
}

/// Runs a story on a thread of its own, so that a panic is this scenario's fault only, and so
/// that stories may be written with closures which borrow: those futures cannot move between
/// threads. When the caller no longer waits, the story ends.
async fn told_aside(scenario: &'static Scenario, context: Context) -> Ending {
    let (mut told, mut hear) = oneshot::channel();
    let runtime = Handle::current();
    let counted = Counted::new();
    let started = std::thread::Builder::new()
        // Not by the scenario's name: the nodes can see what threads there are.
        .name("story".to_owned())
        .spawn(move || {
            let _counted = counted;
            let outcome = runtime.block_on(async {
                tokio::select! { biased;
                    () = told.closed() => None,
                    outcome = timeout(scenario.deadline, (scenario.run)(&context)) => Some(outcome),
                }
            });
            // What it has begun ends before the outcome is reported.
            drop(context);
            if let Some(outcome) = outcome {
                // The receiver is gone, so the result is not needed.
                let _ = told.send(outcome.map_or(Ending::TooLate, Ending::Told));
            }
        });
    if let Err(error) = started {
        return Ending::NotStarted(error);
    }
    // Its own clock is checked only where it waits. The second one begins when the first ends, as
    // the whole checker may have hung.
    for within in [scenario.deadline, GRACE] {
        if let Ok(heard) = timeout(within, &mut hear).await {
            return heard.unwrap_or(Ending::Panicked);
        }
    }
    Ending::TooLate
}

/// A story that is being told.
struct Counted;

impl Counted {
    fn new() -> Counted {
        STORIES.send_modify(|stories| *stories += 1);
        Counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        STORIES.send_modify(|stories| *stories -= 1);
    }
}

/// Waits until no story is running in this process, or until it is clear that one does not end.
pub async fn stories_ended() {
    let mut stories = STORIES.subscribe();
    let _ = timeout(GRACE, stories.wait_for(|stories| *stories == 0)).await;
}

/// A guard for a run.
pub fn start_guard(run: &RunDir) -> Result<Guard> {
    let own = own_program()?;
    Guard::start(&own, run)
}

/// The problems of a part that cannot be solved yet, as gaps that they need are still the stub's;
/// each with those gaps.
pub fn unwritten(part: &Part, sources: &Sources) -> BTreeMap<u8, String> {
    let unwritten = gaps::unwritten(sources.files.values().map(String::as_str));
    let needed = part.problems.iter().filter_map(|problem| {
        let gaps: Vec<String> = problem
            .gaps
            .iter()
            .filter(|gap| unwritten.contains(gap))
            .map(|gap| format!("TODO({gap})"))
            .collect();
        (!gaps.is_empty()).then(|| (problem.number, gaps.join(" and ")))
    });
    needed.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::progress::Silent;
    use parts::PARTS;
    use testkit::run_dir::RunDir;
    use testkit::scenario::{Stop, Story};
    use testkit::store::StoreChoice;
    use testkit::verdict::Failure;
    use testkit::verdict::Standing::{self, *};

    const fn scenario(
        id: &'static str,
        problem: u8,
        run: for<'a> fn(&'a Context) -> Story<'a>,
    ) -> Scenario {
        Scenario {
            id,
            problem,
            title: id,
            property: "It holds.",
            deadline: Duration::from_secs(60),
            run,
        }
    }

    /// Runs scenarios that start no process.
    async fn run(scenarios: &[&'static Scenario], gaps: &[(u8, &str)]) -> Vec<Outcome> {
        let run = RunDir::create().unwrap();
        Arc::new(runner(&run, gaps)).run(scenarios).await
    }

    /// A runner of scenarios that start no process: the guard is one that ends at once.
    fn runner(run: &RunDir, gaps: &[(u8, &str)]) -> Runner {
        let guard = Guard::start("true".as_ref(), run).unwrap();
        Runner {
            stores: Stores::new(StoreChoice::Embedded, &guard, run),
            guard,
            binary: PathBuf::new(),
            sources: None,
            data: PathBuf::new(),
            part: &PARTS[0],
            folder: run.path().to_owned(),
            scratch: run.path().to_owned(),
            seed: 42,
            sandbox: None,
            story: None,
            jobs: 1,
            gaps: gaps
                .iter()
                .map(|(problem, gap)| (*problem, (*gap).to_owned()))
                .collect(),
            progress: Arc::new(Silent),
        }
    }

    fn standings(outcomes: &[Outcome]) -> Vec<Standing> {
        outcomes
            .iter()
            .map(|outcome| outcome.verdict.standing())
            .collect()
    }

    fn fails(cx: &Context) -> Story<'_> {
        Box::pin(async {
            cx.step("n1 is asked");
            Err(cx.failed("it said 2", "it says 3").into())
        })
    }

    #[tokio::test]
    async fn failure_names_the_step() {
        static FAILS: Scenario = scenario("fails", 1, fails);
        let outcomes = run(&[&FAILS], &[]).await;
        let Verdict::Failed(failure) = &outcomes[0].verdict else {
            panic!("{outcomes:?}")
        };
        assert_eq!(failure.step, "n1 is asked");
        assert!(outcomes[0].repeats.is_empty(), "a failure is not run again");
    }

    #[tokio::test]
    async fn nothing_that_a_node_can_read_names_the_scenario() {
        static SECRET: Scenario = scenario("secret", 1, |cx| {
            Box::pin(async {
                let thread = std::thread::current();
                for read in [&cx.scratch.to_string_lossy(), thread.name().unwrap_or("")] {
                    assert!(!read.contains("secret"), "{read}");
                }
                Ok(())
            })
        });
        assert_eq!(standings(&run(&[&SECRET], &[]).await), [Passed]);
    }

    #[tokio::test]
    async fn inconclusive_is_run_again_and_counted() {
        static TRIES: AtomicU32 = AtomicU32::new(0);
        static THIRD: Scenario = scenario("third", 1, |_| {
            Box::pin(async {
                match TRIES.fetch_add(1, Ordering::SeqCst) {
                    2 => Ok(()),
                    _ => Err(Stop::inconclusive("the fault had no effect")),
                }
            })
        });
        static NEVER: Scenario = scenario("never", 1, |_| {
            Box::pin(async { Err(Stop::inconclusive("no")) })
        });
        let outcomes = run(&[&THIRD, &NEVER], &[]).await;
        assert_eq!(standings(&outcomes), [Passed, Inconclusive]);
        assert!(
            outcomes
                .iter()
                .all(|outcome| outcome.repeats.len() == REPEATS)
        );
    }

    #[tokio::test]
    async fn rest_of_an_unwritten_problem_is_left_out() {
        static FIRST: Scenario = scenario("first", 1, |_| {
            Box::pin(async { Err(Stop::not_written("TODO(1)")) })
        });
        static SECOND: Scenario = scenario("second", 1, |_| Box::pin(async { Ok(()) }));
        static OTHER: Scenario = scenario("other", 2, |_| Box::pin(async { Ok(()) }));
        let outcomes = run(&[&FIRST, &SECOND, &OTHER], &[]).await;
        assert_eq!(standings(&outcomes), [NotWritten, Passed]);
        assert_eq!(outcomes[1].scenario, "other");
    }

    #[tokio::test]
    async fn failure_in_an_untouched_gap_is_not_written() {
        static FAILS: Scenario = scenario("fails", 4, fails);
        let outcomes = run(&[&FAILS], &[(4, "TODO(4)")]).await;
        assert_eq!(
            outcomes[0].verdict,
            Verdict::NotWritten {
                gap: "TODO(4)".into()
            }
        );
    }

    #[tokio::test]
    async fn pass_with_an_untouched_gap_is_not_written() {
        static PASSES: Scenario = scenario("passes", 4, |_| Box::pin(async { Ok(()) }));
        let outcomes = run(&[&PASSES], &[(4, "TODO(4)")]).await;
        assert_eq!(standings(&outcomes), [NotWritten]);
        assert_eq!(outcomes[0].observations, [HELD_UNWRITTEN]);
    }

    #[tokio::test]
    async fn node_that_does_not_come_up_is_not_waited_for_again() {
        static FIRST: Scenario = scenario("first", 1, |cx| {
            Box::pin(async {
                let failure = cx.failed("n1 did not come up", "it does");
                Err(Failure {
                    before_all: true,
                    ..failure
                }
                .into())
            })
        });
        static SECOND: Scenario = scenario("second", 2, |_| Box::pin(async { panic!("not run") }));
        let outcomes = run(&[&FIRST, &SECOND], &[]).await;
        assert_eq!(standings(&outcomes), [Failed, Failed]);
        assert_eq!(outcomes[1].scenario, "second");
    }

    #[tokio::test]
    async fn every_gap_that_a_problem_lacks_is_named() {
        static STUB: Scenario = scenario("stub", 4, |_| {
            Box::pin(async { Err(Stop::not_written("TODO(1)")) })
        });
        static OTHER: Scenario = scenario("other", 5, |_| {
            Box::pin(async { Err(Stop::not_written("a todo!()")) })
        });
        let gaps = [(4, "TODO(1) and TODO(4)"), (5, "TODO(3)")];
        let outcomes = run(&[&STUB, &OTHER], &gaps).await;
        let named: Vec<_> = outcomes
            .iter()
            .map(|outcome| match &outcome.verdict {
                Verdict::NotWritten { gap } => gap.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(named, ["TODO(1) and TODO(4)", "a todo!()"]);
    }

    #[tokio::test]
    async fn deadline_is_inconclusive_and_names_the_step() {
        static STUCK: Scenario = Scenario {
            deadline: Duration::from_millis(20),
            ..scenario("stuck", 1, |cx| {
                Box::pin(async {
                    cx.step("wait forever");
                    std::future::pending().await
                })
            })
        };
        let outcomes = run(&[&STUCK], &[]).await;
        let Verdict::Inconclusive { why } = &outcomes[0].verdict else {
            panic!("{outcomes:?}")
        };
        assert!(why.contains("wait forever"), "{why}");
    }

    #[tokio::test]
    async fn interrupted_run_keeps_what_is_known_and_breaks_off_the_rest() {
        static QUICK: Scenario = scenario("quick", 1, |_| Box::pin(async { Ok(()) }));
        static ENDLESS: Scenario = scenario("endless", 2, |_| Box::pin(std::future::pending()));
        static WAITS: Scenario = scenario("waits", 3, |_| Box::pin(async { panic!("not run") }));
        let run = RunDir::create().unwrap();
        let (interrupter, interrupt) = Interrupt::new();
        let mut known = Vec::new();
        let settled = |place, outcome: Outcome| {
            known.push((place, outcome.verdict.standing()));
            interrupter.raise("ended by signal (SIGTERM)");
        };
        let scenarios = [&QUICK, &ENDLESS, &WAITS];
        let runner = Arc::new(runner(&run, &[]));
        let under_way = runner.run_each(&scenarios, &interrupt, settled).await;
        assert_eq!(known, [(0, Passed)]);
        let [(1, broken_off)] = &under_way[..] else {
            panic!("{under_way:?}")
        };
        let Verdict::Inconclusive { why } = &broken_off.verdict else {
            panic!("{broken_off:?}")
        };
        assert!(why.starts_with("ended by signal (SIGTERM)"), "{why}");
        stories_ended().await;
    }

    #[tokio::test]
    async fn story_that_blocks_its_thread_hides_no_other() {
        static BLOCKS: Scenario = Scenario {
            deadline: Duration::from_millis(20),
            ..scenario("blocks", 1, |_| {
                Box::pin(async {
                    std::thread::park_timeout(Duration::from_secs(20));
                    Ok(())
                })
            })
        };
        static OTHER: Scenario = scenario("other", 2, |_| Box::pin(async { Ok(()) }));
        let outcomes = run(&[&BLOCKS, &OTHER], &[]).await;
        assert_eq!(standings(&outcomes), [Inconclusive, Passed]);
    }

    #[tokio::test]
    async fn panic_of_a_scenario_is_the_checkers_fault() {
        static PANICS: Scenario = scenario("panics", 1, |_| Box::pin(async { panic!("oh") }));
        static PASSES: Scenario = scenario("passes", 2, |_| Box::pin(async { Ok(()) }));
        assert_eq!(
            standings(&run(&[&PANICS, &PASSES], &[]).await),
            [CheckerFault, Passed]
        );
    }
}
