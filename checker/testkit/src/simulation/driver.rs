//! The main function of a program that simulates: it links a part and a learner's library.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once, mpsc};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use clap::{Args, Parser};
use runtime::launch::panic_in_words;
use runtime::terminal::note;
use runtime::{ExitReason, StartError};
use tokio::runtime::Handle;

use super::watchdog::{self, BLOCKING, Watched};
use super::{Program, Simulation};
use crate::diagnosis::diagnose;
use crate::exploration::{Coverage, Exploration, Plan, shrink};
use crate::guard::{Stream, write_lines};
use crate::part::Part;
use crate::scenario::{Context, Findings, Grounds, Scenario, Steps};
use crate::seed::Draw;
use crate::trace::Trace;
use crate::verdict::{Counterexample, Exhausted, Explored, Failure, Outcome, Verdict};
use crate::world::Ground;

/// What became of one schedule: a scenario under a seed.
#[derive(Debug)]
pub struct Schedule {
    /// The verdict, with the scenario and the seed.
    pub outcome: Outcome,
    /// What happened, a cluster each, if that was wanted.
    pub traces: Vec<Trace>,
    /// What was done, if it is one of an exploration.
    pub coverage: Coverage,
}

impl Schedule {
    /// Leaves the traces in a folder of their own, where they are wanted, with what the nodes wrote.
    fn leave(mut self, order: &Order) -> Outcome {
        let Some(folder) = order.folder.as_ref().filter(|_| !self.traces.is_empty()) else {
            return self.outcome;
        };
        let folder = folder.join(format!("{}-simulated", self.outcome.scenario));
        if std::fs::create_dir_all(&folder).is_err() {
            return self.outcome;
        }
        for (number, trace) in (1..).zip(&self.traces) {
            trace.save(&folder, number);
            for node in &trace.nodes {
                let own = trace.logs.iter().filter(|line| line.node == *node);
                let lines = own.map(|line| (line.at_us, line.text.as_str()));
                // What cannot be written is left out, as with the trace.
                let _ = write_lines(&folder, node, Stream::Stderr, lines);
            }
        }
        self.outcome.folder = Some(folder);
        self.outcome
    }
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
    static SCHEDULES: AtomicU64 = AtomicU64::new(0);
    hear_nodes();
    let number = SCHEDULES.fetch_add(1, Ordering::Relaxed);
    let watched = Watched::default();
    let (done, ended) = mpsc::channel();
    let without_traces = move |verdict| Schedule {
        outcome: scenario.outcome(verdict, seed),
        traces: Vec::new(),
        coverage: Coverage::default(),
    };
    std::thread::scope(|scope| {
        let watchdog = watched.clone();
        scope.spawn(move || {
            if let Some(why) = watchdog.watch(&ended) {
                let verdict = Verdict::Inconclusive { why };
                stand_still(&without_traces(verdict));
            }
        });
        // A thread that the program starts inherits the name, so no other schedule may have it.
        let thread = std::thread::Builder::new().name(format!("schedule {number}"));
        let thread = thread.spawn_scoped(scope, || {
            (stage.seed_thread)(seed);
            watched.begin();
            simulate_here(stage, scenario, seed, plan, &watched)
        });
        let schedule = match thread.map(ScopedJoinHandle::join) {
            Ok(Ok(schedule)) => schedule,
            Ok(Err(_)) => fault(scenario, "The simulation itself panicked.".to_owned(), seed),
            Err(error) => without_traces(Verdict::Inconclusive {
                why: format!("This machine could not start a thread for the simulation: {error}."),
            }),
        };
        drop(done);
        schedule
    })
}

/// What a program that simulates returns when a schedule does not end, so that no other can follow.
pub const STOOD_STILL: u8 = 2;

/// Tells of a schedule that does not end, and ends the process: nothing else ends a thread.
fn stand_still(schedule: &Schedule) -> ! {
    if let Ok(line) = serde_json::to_string(&schedule.outcome) {
        let _ = writeln!(std::io::stdout(), "{line}");
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the main thread waits for a schedule that does not end"
    )]
    std::process::exit(STOOD_STILL.into())
}

fn simulate_here(
    stage: &Stage<'_>,
    scenario: &'static Scenario,
    seed: u64,
    plan: Option<&Plan>,
    watched: &Watched,
) -> Schedule {
    let fault = |why: String| fault(scenario, why, seed);
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
    let rests = watched.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .thread_name(BLOCKING)
        .on_thread_park(move || rests.rest())
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
    let left_over = runtime.block_on(tasks_left());
    drop(runtime);
    let mut verdict = scenario.verdict(told);
    if let Some(why) = watched.unsimulated(left_over)
        && matches!(
            verdict,
            Verdict::Passed { .. } | Verdict::Failed(_) | Verdict::Inconclusive { .. }
        )
    {
        verdict = Verdict::Inconclusive { why };
    }
    let mut outcome = scenario.outcome(verdict, seed);
    outcome.duration = begun.elapsed();
    outcome.observations = findings.observations();
    let traces = std::mem::take(&mut *findings.traces());
    Schedule {
        outcome,
        traces,
        coverage: findings.coverage(),
    }
}

/// How many tasks are alive once those of the nodes have ended, which they do when they are next looked at.
async fn tasks_left() -> usize {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    for _ in 0..LOOKS_AT_TASKS {
        if tasks() == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    tasks()
}

/// How often all tasks are looked at before those that are left are taken for alive.
const LOOKS_AT_TASKS: usize = 100;

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
            watchdog::hear(panic);
            if !super::write(panic_in_words(panic)) {
                before(panic);
            }
        }));
    });
}

/// The folder within the one for what nodes keep that a simulation works in, and empties.
pub const FOLDER: &str = "simulated";

/// The folder within that one which is every node's own. What nodes write beside it is emptied too.
pub const OWN_FOLDER: &str = "node";

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
    /// A file with the plan of the only story that is told, under the first seed
    #[arg(long)]
    plan: Option<PathBuf>,
    /// For how many seconds an exploration goes on at most
    #[arg(long)]
    time: Option<u64>,
    /// Tells all small stories first, before any that are drawn
    #[arg(long)]
    small: bool,
    /// Leaves a story that breaks a claim as it was drawn
    #[arg(long)]
    as_found: bool,
    /// The part's data
    #[arg(long)]
    data: PathBuf,
    /// A folder for what nodes keep
    #[arg(long)]
    scratch: PathBuf,
    /// Leaves traces in this folder, in one for each scenario
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Whether the traces of passes are wanted as well; of several schedules, those of the last
    #[arg(long, requires = "folder")]
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
    // Not locked: the watchdog writes to it, too.
    let mut out = std::io::stdout();
    let is_wanted = |scenario: &Scenario| {
        order.scenario.is_empty() || order.scenario.iter().any(|wanted| wanted == scenario.id)
    };
    let scenarios = part.scenarios.iter();
    let mut is_first = true;
    let scenarios = scenarios
        .filter(|scenario| is_wanted(scenario))
        .map(|scenario| {
            let schedule = simulate_all(&order, part, scenario, seed_thread, &program);
            let passed = matches!(schedule.outcome.verdict, Verdict::Passed { .. });
            let was_alone =
                std::mem::replace(&mut is_first, false) && schedule.outcome.seed == order.seed;
            match passed || was_alone {
                true => schedule.leave(&order),
                false => alone(&order, schedule.outcome),
            }
        });
    let explorations = part.explorations.iter();
    let explorations = explorations.filter(|exploration| is_wanted(&exploration.scenario));
    let explorations = explorations
        .map(|exploration| explore(&order, part, exploration, seed_thread, &program).leave(&order));
    for outcome in scenarios.chain(explorations) {
        let line = serde_json::to_string(&outcome).map_err(std::io::Error::from);
        if line.and_then(|line| writeln!(out, "{line}")).is_err() {
            // Nobody wants to know the rest.
            return ExitCode::SUCCESS;
        }
    }
    ExitCode::SUCCESS
}

/// How often a program that simulates says that it is not stuck.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

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
    let mut heard = begun;
    let mut seed = order.seed;
    loop {
        let stage = Stage {
            program: Arc::clone(program),
            data: &order.data,
            scratch: Path::new(scenario.id),
            seed_thread,
        };
        let mut schedule = tell(&stage, scenario, seed, None);
        let passed = matches!(schedule.outcome.verdict, Verdict::Passed { .. });
        if passed && seed < last {
            if heard.elapsed() > SIGN_OF_LIFE {
                heard = on_the_wall();
                note(format_args!("{} held under seed {seed}", scenario.id));
            }
            seed += 1;
            continue;
        }
        if passed {
            schedule.outcome.schedules = order.seeds.max(1);
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

/// Simulates once, in a folder that has nothing of an earlier schedule and keeps nothing for a later one.
fn tell(
    stage: &Stage<'_>,
    scenario: &'static Scenario,
    seed: u64,
    plan: Option<&Plan>,
) -> Schedule {
    // What cannot be made is missed by the nodes that want it.
    let _ = std::fs::create_dir(OWN_FOLDER);
    let schedule = simulate(stage, scenario, seed, plan);
    empty(Path::new("."));
    schedule
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
    let tell = |seed, plan: Option<&Plan>| tell(&stage, scenario, seed, plan);
    let begun = on_the_wall();
    let mut explored = Explored::default();
    let mut first_inconclusive = None;
    let mut last_traces = Vec::new();
    let given = match order.plan.as_deref().map(read_plan) {
        Some(Ok(plan)) => Some(plan),
        Some(Err(why)) => return fault(scenario, why, order.seed),
        None => None,
    };
    let small = match exploration.small.filter(|_| order.small && given.is_none()) {
        Some(small) => {
            let plans = (small.plans)();
            explored.small = Some(Exhausted {
                bounds: small.bounds.to_owned(),
                held: 0,
                of: plans.len() as u64,
            });
            plans
        }
        None => Vec::new(),
    };
    let schedules = match &given {
        Some(_) => 1,
        None => order.schedules.unwrap_or(exploration.schedules),
    };
    let drawn = (order.seed..).take(schedules as usize);
    let small = small.into_iter().map(|plan| (order.seed, Some(plan)));
    for (seed, plan) in small.chain(drawn.map(|seed| (seed, given.clone()))) {
        let mut schedule = tell(seed, plan.as_ref());
        explored.coverage.add(&schedule.coverage);
        match &schedule.outcome.verdict {
            Verdict::Passed { .. } => {
                match (&mut explored.small, &plan) {
                    (Some(small), Some(_)) => small.held += 1,
                    _ => explored.held += 1,
                }
                if order.traces {
                    last_traces = schedule.traces;
                }
            }
            Verdict::Inconclusive { .. } => {
                explored.inconclusive += 1;
                first_inconclusive.get_or_insert(schedule);
            }
            Verdict::Failed(failure) => {
                let plan =
                    plan.unwrap_or_else(|| (exploration.plan)(&mut Draw::new(seed, scenario.id)));
                if !order.as_found
                    && let Some(shorter) =
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
                traces: last_traces,
                coverage: Coverage::default(),
            }
        }
    };
    concluded(schedule, part, scenario, explored, begun)
}

fn read_plan(file: &Path) -> Result<Plan, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
    let plan = text.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    plan.map_err(|why| {
        format!(
            "The checker could not read the story in {}: {why}.",
            file.display()
        )
    })
}

fn fault(scenario: &Scenario, why: String, seed: u64) -> Schedule {
    Schedule {
        outcome: scenario.outcome(Verdict::CheckerFault { why }, seed),
        traces: Vec::new(),
        coverage: Coverage::default(),
    }
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

/// Simulates a schedule that did not pass once more, alone in a process of its own, and gives what became
/// of that: with the same seed, every run gets it.
///
/// Two things may differ from one schedule to the next of a process: what the program keeps in a `static`,
/// and what tokio draws by lot, as that depends on how many runtimes there were. It draws the branch of a
/// `select!` without `biased`, and which of several tasks a `watch` channel wakes first.
fn alone(order: &Order, before: Outcome) -> Outcome {
    let (scenario, seed) = (&before.scenario, before.seed.to_string());
    let own = std::env::current_exe().unwrap_or_default();
    let mut program = Command::new(own);
    program
        .arg0(std::env::args_os().next().unwrap_or_default())
        .args(["--simulate", "--scenario", scenario, "--seed", &seed])
        .arg("--data")
        .arg(&order.data)
        .arg("--scratch")
        .arg(&order.scratch)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if let Some(folder) = &order.folder {
        program.arg("--folder").arg(folder);
    }
    let said = program.output().map(|output| output.stdout);
    let after = said.map(|line| serde_json::from_slice::<Outcome>(&line));
    let verdict = match after {
        Ok(Ok(after)) if after.verdict.standing() == before.verdict.standing() => return after,
        Ok(Ok(_)) => Verdict::Inconclusive {
            why: format!(
                "Seed {seed} gave one result alone and another after other schedules. Some state outlives a \
                 schedule, such as a `static`, or tokio chooses at random, as in a `select!` without `biased`."
            ),
        },
        Ok(Err(error)) => Verdict::CheckerFault {
            why: format!(
                "The checker could not understand the simulation of one schedule: {error}."
            ),
        },
        Err(error) => Verdict::CheckerFault {
            why: format!("The checker could not simulate one schedule again: {error}."),
        },
    };
    Outcome { verdict, ..before }
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
