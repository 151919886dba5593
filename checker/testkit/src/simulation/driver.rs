//! The main function of a program that simulates: it links a part and a learner's library.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use clap::{Args, Parser};
use runtime::launch::panic_in_words;
use runtime::terminal::note;
use runtime::{ExitReason, StartError};

use super::{Program, Simulation};
use crate::diagnosis::diagnose;
use crate::part::Part;
use crate::scenario::{Context, Findings, Grounds, Scenario, Steps};
use crate::trace::Trace;
use crate::verdict::{Outcome, Verdict};
use crate::world::Ground;

/// What became of one schedule: a scenario under a seed.
#[derive(Debug)]
pub struct Schedule {
    /// The verdict, with the scenario and the seed.
    pub outcome: Outcome,
    /// What happened, a cluster each, if that was wanted.
    pub traces: Vec<Trace>,
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

/// Simulates a scenario once, on a thread of its own: the same seed gives the same schedule.
pub fn simulate(stage: &Stage<'_>, scenario: &'static Scenario, seed: u64) -> Schedule {
    hear_nodes();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            (stage.seed_thread)(seed);
            simulate_here(stage, scenario, seed)
        });
        thread.join().unwrap_or_else(|_| {
            let why = "The simulation itself panicked.".to_owned();
            Schedule {
                outcome: scenario.outcome(Verdict::CheckerFault { why }, seed),
                traces: Vec::new(),
            }
        })
    })
}

fn simulate_here(stage: &Stage<'_>, scenario: &'static Scenario, seed: u64) -> Schedule {
    let fault = |why: String| Schedule {
        outcome: scenario.outcome(Verdict::CheckerFault { why }, seed),
        traces: Vec::new(),
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
    Schedule { outcome, traces }
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
    /// The part's data
    #[arg(long)]
    data: PathBuf,
    /// A folder for what nodes keep
    #[arg(long)]
    scratch: PathBuf,
    /// Leaves traces in this folder, in one for each scenario
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Whether the traces of passes are wanted as well
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
    let mut out = std::io::stdout().lock();
    let wanted = part.scenarios.iter().filter(|scenario| {
        order.scenario.is_empty() || order.scenario.iter().any(|wanted| wanted == scenario.id)
    });
    let mut is_first = true;
    for scenario in wanted {
        let schedule = simulate_all(&order, part, scenario, seed_thread, &program);
        let passed = matches!(schedule.outcome.verdict, Verdict::Passed { .. });
        let was_alone =
            std::mem::replace(&mut is_first, false) && schedule.outcome.seed == order.seed;
        let outcome = match passed || was_alone {
            true => schedule.leave(&order),
            false => alone(&order, schedule.outcome),
        };
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
        // What cannot be made is missed by the nodes that want it.
        let _ = std::fs::create_dir(OWN_FOLDER);
        let mut schedule = simulate(&stage, scenario, seed);
        empty(Path::new("."));
        let passed = matches!(schedule.outcome.verdict, Verdict::Passed { .. });
        if passed && seed < last {
            if heard.elapsed() > SIGN_OF_LIFE {
                heard = on_the_wall();
                note(format_args!("{} held under seed {seed}", scenario.id));
            }
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

impl Schedule {
    /// Leaves the traces where they are wanted.
    fn leave(self, order: &Order) -> Outcome {
        let folder = order.folder.as_ref().filter(|_| !self.traces.is_empty());
        if let Some(folder) = folder.map(|folder| folder.join(&self.outcome.scenario))
            && std::fs::create_dir_all(&folder).is_ok()
        {
            for (number, trace) in (1..).zip(&self.traces) {
                trace.save(&folder, number);
            }
        }
        self.outcome
    }
}

/// Simulates a schedule that did not pass once more, alone in a process of its own, and gives what became
/// of that: with the same seed, everybody gets it.
///
/// Two things of a program may differ from one schedule to the next of a process: what it keeps in a
/// `static`, and the branch of a `tokio::select!` that is looked at first, as tokio counts its runtimes.
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
                "Seed {seed} came out otherwise after other schedules than alone. Something outlives a \
                 schedule, such as a `static`, or a `tokio::select!` without `biased` decides."
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
