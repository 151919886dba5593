//! The main function of a program that simulates: it links a part and a learner's library.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use clap::{Args, Parser};
use runtime::launch::panic_in_words;
use runtime::terminal::note;
use runtime::{ExitReason, StartError};
use serde::{Deserialize, Serialize};

use super::{Program, Simulation};
use crate::diagnosis::diagnose;
use crate::exploration::{Coverage, Exploration, Plan, shrink};
use crate::part::Part;
use crate::scenario::{Context, Findings, Grounds, Scenario, Steps};
use crate::seed::Draw;
use crate::trace::Trace;
use crate::verdict::{Counterexample, Explored, Failure, Outcome, Verdict};
use crate::world::Ground;

/// What became of one schedule: a scenario under a seed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// The verdict, with the scenario and the seed.
    pub outcome: Outcome,
    /// What happened, a cluster each, if that was wanted.
    pub traces: Vec<Trace>,
    /// What was done, if it is one of an exploration.
    #[serde(skip)]
    pub coverage: Coverage,
}

/// What all schedules of a program have in common.
pub struct Stage<'a> {
    /// The program of a node.
    pub program: Program,
    /// The part's data.
    pub data: &'a Path,
    /// A folder for what nodes keep, which is emptied after each schedule.
    pub scratch: &'a Path,
    /// Makes the random numbers of a thread follow from a seed.
    pub seed_thread: fn(u64) -> bool,
}

/// Simulates a scenario once, on a thread of its own: the same seed gives the same schedule. An
/// exploration tells the story of the plan, or the one that the seed draws.
pub fn simulate(
    stage: &Stage<'_>,
    scenario: &'static Scenario,
    seed: u64,
    plan: Option<&Plan>,
) -> Schedule {
    hear_nodes();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            (stage.seed_thread)(seed);
            simulate_here(stage, scenario, seed, plan)
        });
        thread.join().unwrap_or_else(|_| {
            let why = "The simulation itself panicked.".to_owned();
            Schedule {
                outcome: scenario.outcome(Verdict::CheckerFault { why }, seed),
                traces: Vec::new(),
                coverage: Coverage::default(),
            }
        })
    })
}

fn simulate_here(
    stage: &Stage<'_>,
    scenario: &'static Scenario,
    seed: u64,
    plan: Option<&Plan>,
) -> Schedule {
    let fault = |why: String| Schedule {
        outcome: scenario.outcome(Verdict::CheckerFault { why }, seed),
        traces: Vec::new(),
        coverage: Coverage::default(),
    };
    let grounds = Grounds {
        ground: Ground::Simulated(Simulation::of(Arc::clone(&stage.program), seed)),
        data: stage.data.to_owned(),
        seed,
    };
    let (steps, findings) = (Steps::new(|_| {}), Findings::default());
    let folder = stage.scratch.to_owned();
    let mut context = Context::new(
        scenario.id,
        grounds,
        folder.clone(),
        folder.clone(),
        scenario.deadline,
        steps.clone(),
    );
    context.findings = findings.clone();
    context.plan = plan.cloned();
    // What the nodes share lies there, and what each keeps to itself.
    if let Err(error) = std::fs::create_dir_all(context.shared()) {
        return fault(format!(
            "The checker could not make {}: {error}.",
            folder.display()
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fault(format!("The checker could not begin to simulate: {error}.")),
    };
    let begun = on_the_wall();
    let told = runtime.block_on(async {
        let story = (scenario.run)(&context);
        let told = tokio::time::timeout(scenario.deadline, story).await;
        told.unwrap_or_else(|_| Err(scenario.too_late(&steps)))
    });
    drop(runtime);
    let mut outcome = scenario.outcome(scenario.verdict(told), seed);
    outcome.duration = begun.elapsed();
    outcome.observations = findings.observations();
    let traces = std::mem::take(&mut *findings.traces());
    Schedule {
        outcome,
        traces,
        coverage: findings.coverage(),
    }
}

/// The time that people wait, and not that of the simulation.
fn on_the_wall() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a simulation took is no part of it"
    )]
    Instant::now()
}

/// Makes panics of nodes lines of theirs.
fn hear_nodes() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !super::write(panic_in_words(panic)) {
                before(panic);
            }
        }));
    });
}

/// The folder within the one for what nodes keep that a simulation works in, and empties.
pub const FOLDER: &str = "simulated";

/// The flags of a simulating program.
#[derive(Debug, Parser)]
struct Order {
    /// Simulate, instead of being a node
    #[arg(long, required = true)]
    simulate: bool,
    /// A scenario; all of the part, if none is given
    #[arg(long)]
    scenario: Vec<String>,
    /// The first seed
    #[arg(long)]
    seed: u64,
    /// How many seeds from there on
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// How many schedules of each exploration, from the first seed on; as many as it is worth, if not given
    #[arg(long)]
    schedules: Option<u64>,
    /// For how many seconds an exploration goes on at most
    #[arg(long)]
    time: Option<u64>,
    /// The part's data
    #[arg(long)]
    data: PathBuf,
    /// A folder for what nodes keep
    #[arg(long)]
    scratch: PathBuf,
    /// Whether the traces of passes are wanted as well
    #[arg(long)]
    traces: bool,
}

/// The main function: prints a line of JSON for each scenario.
pub fn main(part: &Part, seed_thread: fn(u64) -> bool, program: Program) -> ExitCode {
    let order = Order::parse();
    // Paths of files stand in messages. Relative ones are the same in each process.
    let scratch = order.scratch.join(FOLDER);
    let entered =
        std::fs::create_dir_all(&scratch).and_then(|()| std::env::set_current_dir(&scratch));
    if let Err(error) = entered {
        let scratch = scratch.display();
        note(format_args!("could not enter {scratch}: {error}"));
        return ExitCode::from(4);
    }
    let mut out = std::io::stdout().lock();
    let is_wanted = |scenario: &Scenario| {
        order.scenario.is_empty() || order.scenario.iter().any(|wanted| wanted == scenario.id)
    };
    let scenarios = part.scenarios.iter();
    let scenarios = scenarios.filter(|scenario| is_wanted(scenario));
    let explorations = part.explorations.iter();
    let explorations = explorations.filter(|exploration| is_wanted(&exploration.scenario));
    let schedules = scenarios
        .map(|scenario| simulate_all(&order, part, scenario, seed_thread, &program))
        .chain(
            explorations
                .map(|exploration| explore(&order, part, exploration, seed_thread, &program)),
        );
    for schedule in schedules {
        let line = serde_json::to_string(&schedule).map_err(std::io::Error::from);
        if line.and_then(|line| writeln!(out, "{line}")).is_err() {
            // Nobody wants to know the rest.
            return ExitCode::SUCCESS;
        }
    }
    ExitCode::SUCCESS
}

/// The first schedule of a scenario that did not pass, or else the last.
fn simulate_all(
    order: &Order,
    part: &Part,
    scenario: &'static Scenario,
    seed_thread: fn(u64) -> bool,
    program: &Program,
) -> Schedule {
    let last = order.seed.saturating_add(order.seeds.max(1) - 1);
    let begun = on_the_wall();
    let mut seed = order.seed;
    loop {
        let stage = Stage {
            program: Arc::clone(program),
            data: &order.data,
            scratch: Path::new(scenario.id),
            seed_thread,
        };
        let mut schedule = simulate(&stage, scenario, seed, None);
        empty(Path::new("."));
        let passed = matches!(schedule.outcome.verdict, Verdict::Passed { .. });
        if passed && seed < last {
            seed += 1;
            continue;
        }
        if passed && order.seeds > 1 {
            let held = format!("It held in {} simulated schedules.", order.seeds);
            schedule.outcome.observations.push(held);
            schedule.outcome.seed = order.seed;
        }
        if passed && !order.traces {
            schedule.traces.clear();
        }
        explain(part, scenario, &mut schedule);
        schedule.outcome.duration = begun.elapsed();
        return schedule;
    }
}

/// How long a story that breaks a claim is shrunk.
const SHRINKING_TIME: Duration = Duration::from_secs(5);

/// The shortest story that breaks a claim of an exploration; or that none was found.
fn explore(
    order: &Order,
    part: &Part,
    exploration: &'static Exploration,
    seed_thread: fn(u64) -> bool,
    program: &Program,
) -> Schedule {
    let scenario = &exploration.scenario;
    let stage = Stage {
        program: Arc::clone(program),
        data: &order.data,
        scratch: Path::new(scenario.id),
        seed_thread,
    };
    let tell = |seed, plan: Option<&Plan>| {
        let schedule = simulate(&stage, scenario, seed, plan);
        empty(Path::new("."));
        schedule
    };
    let begun = on_the_wall();
    let mut explored = Explored::default();
    let mut first_inconclusive = None;
    let schedules = order.schedules.unwrap_or(exploration.schedules);
    for seed in (order.seed..).take(schedules as usize) {
        let mut schedule = tell(seed, None);
        explored.coverage.add(&schedule.coverage);
        match &schedule.outcome.verdict {
            Verdict::Passed { .. } => explored.held += 1,
            Verdict::Inconclusive { .. } => {
                explored.inconclusive += 1;
                first_inconclusive.get_or_insert(schedule);
            }
            Verdict::Failed(failure) => {
                let plan = (exploration.plan)(&mut Draw::new(seed, scenario.id));
                if let Some(shorter) =
                    shorten(exploration, plan, failure, &|plan| tell(seed, Some(plan)))
                {
                    schedule = shorter;
                }
                return concluded(schedule, part, scenario, explored, begun);
            }
            Verdict::NotWritten { .. } | Verdict::CheckerFault { .. } => {
                return concluded(schedule, part, scenario, explored, begun);
            }
        }
        if order
            .time
            .is_some_and(|time| begun.elapsed() > Duration::from_secs(time))
        {
            break;
        }
    }
    let schedule = match first_inconclusive {
        Some(schedule) if explored.inconclusive > explored.held / 10 => schedule,
        _ => {
            let passed = Verdict::Passed {
                property: scenario.property.to_owned(),
            };
            Schedule {
                outcome: scenario.outcome(passed, order.seed),
                traces: Vec::new(),
                coverage: Coverage::default(),
            }
        }
    };
    concluded(schedule, part, scenario, explored, begun)
}

fn concluded(
    mut schedule: Schedule,
    part: &Part,
    scenario: &Scenario,
    explored: Explored,
    begun: Instant,
) -> Schedule {
    schedule.outcome.explored = Some(explored);
    explain(part, scenario, &mut schedule);
    schedule.outcome.duration = begun.elapsed();
    schedule
}

/// The shortest story that fails as this one did; none if the story does not fail again.
fn shorten(
    exploration: &Exploration,
    plan: Plan,
    failure: &Failure,
    tell: &dyn Fn(&Plan) -> Schedule,
) -> Option<Schedule> {
    let claim = failure.claim();
    let mut shortest = None;
    let mut fails = |plan: &Plan| {
        let schedule = tell(plan);
        let is_same =
            matches!(&schedule.outcome.verdict, Verdict::Failed(other) if other.claim() == claim);
        if is_same {
            shortest = Some(schedule);
        }
        is_same
    };
    if !fails(&plan) {
        return None;
    }
    let of = plan.steps.len();
    let shrunk = shrink(plan, exploration.language, SHRINKING_TIME, &mut fails);
    let mut schedule = shortest?;
    if let Verdict::Failed(failure) = &mut schedule.outcome.verdict {
        failure.counterexample = Some(Box::new(Counterexample {
            steps: shrunk.plan.sentences(exploration.language),
            of,
            tried: shrunk.tried,
            minimal: shrunk.minimal,
            script: shrunk.plan.script(exploration.language),
            plan: shrunk.plan,
        }));
    }
    Some(schedule)
}

/// Empties a folder, so that nothing is left for the next schedule to find.
fn empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // What cannot be removed is a folder of its owner's making; the run's end removes it.
        let _ = match path.is_dir() && !path.is_symlink() {
            true => std::fs::remove_dir_all(path),
            false => std::fs::remove_file(path),
        };
    }
}

/// Adds to a failure the mistake behind it, where what happened gives it away.
fn explain(part: &Part, scenario: &Scenario, schedule: &mut Schedule) {
    if let Verdict::Failed(failure) = &mut schedule.outcome.verdict {
        let (problem, traces) = (scenario.problem, &schedule.traces);
        failure.diagnosis = diagnose(part, problem, scenario.id, failure, traces);
    }
}

/// A program with flags of its own, as it is started by a simulation.
///
/// # Errors
/// When they are not its flags.
pub fn flags<F: Args>(flags: Vec<String>) -> Result<F, StartError> {
    let command = F::augment_args(clap::Command::new("node").no_binary_name(true));
    let matches = command.try_get_matches_from(flags);
    let parsed = matches.and_then(|matches| F::from_arg_matches(&matches));
    parsed.map_err(|error| StartError::Init(ExitReason::Failed(error.to_string())))
}
