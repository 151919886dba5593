//! The main function of a program that simulates: it links a part and a learner's library.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Once;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Simulation;
use crate::part::Part;
use crate::scenario::{Context, Findings, Grounds, Scenario, Steps, Stop};
use crate::trace::Trace;
use crate::verdict::{Outcome, Verdict};
use crate::world::Ground;

/// What became of one schedule: a scenario under a seed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// The verdict, with the scenario and the seed.
    pub outcome: Outcome,
    /// What happened, a cluster each, if that was wanted.
    pub traces: Vec<Trace>,
}

/// Simulates a scenario once. The same seed gives the same schedule.
pub fn simulate(
    simulation: &Simulation,
    scenario: &'static Scenario,
    seed: u64,
    data: &Path,
    scratch: &Path,
) -> Schedule {
    hear_nodes();
    let grounds = Grounds {
        ground: Ground::Simulated(simulation.clone()),
        data: data.to_owned(),
        seed,
    };
    let (steps, findings) = (Steps::new(|_| {}), Findings::default());
    let mut context = Context::new(
        scenario.id,
        grounds,
        scratch.to_owned(),
        scratch.to_owned(),
        scenario.deadline,
        steps.clone(),
    );
    context.findings = findings.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let why = format!("The checker could not begin to simulate: {error}.");
            return Schedule {
                outcome: scenario.outcome(Verdict::CheckerFault { why }, seed),
                traces: Vec::new(),
            };
        }
    };
    let begun = Instant::now();
    let told = runtime.block_on(async {
        let story = (scenario.run)(&context);
        match tokio::time::timeout(scenario.deadline, story).await {
            Ok(told) => told,
            Err(_) => Err(Stop::inconclusive(format!(
                "It was not through after {} s, and still at this step: {}",
                scenario.deadline.as_secs(),
                steps.last()
            ))),
        }
    });
    let verdict = match told {
        Ok(()) => Verdict::Passed {
            property: scenario.property.to_owned(),
        },
        Err(stop) => stop.into(),
    };
    drop(runtime);
    let mut outcome = scenario.outcome(verdict, seed);
    outcome.duration = begun.elapsed();
    outcome.observations = findings.observations();
    let traces = std::mem::take(&mut *findings.traces());
    Schedule { outcome, traces }
}

/// Makes panics of nodes lines of theirs.
fn hear_nodes() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let place = panic
                .location()
                .map(|at| format!("{}:{}", at.file(), at.line()))
                .unwrap_or_default();
            let message = panic
                .payload_as_str()
                .unwrap_or("a panic without a message");
            if !super::write(format!("panicked at {place}: {message}")) {
                before(panic);
            }
        }));
    });
}

/// The main function: `SCENARIO-or-all FIRST-SEED SCHEDULES SCRATCH [--traces]` prints a line of JSON for
/// each schedule.
pub fn main(part: &Part, simulation: &Simulation) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [wanted, first, schedules, scratch, rest @ ..] = &args[..] else {
        return ExitCode::from(4);
    };
    let (Ok(first), Ok(schedules)) = (first.parse::<u64>(), schedules.parse::<u64>()) else {
        return ExitCode::from(4);
    };
    let traces = rest.iter().any(|arg| arg == "--traces");
    let scratch = PathBuf::from(scratch);
    let mut out = std::io::stdout().lock();
    for scenario in part.scenarios {
        if wanted != "all" && wanted != scenario.id {
            continue;
        }
        for seed in first..first + schedules {
            let mut schedule = simulate(simulation, scenario, seed, Path::new(""), &scratch);
            if !traces {
                schedule.traces.clear();
                schedule.outcome.duration = schedule.outcome.duration.max(Duration::from_nanos(1));
            }
            let Ok(line) = serde_json::to_string(&schedule) else {
                return ExitCode::from(4);
            };
            if writeln!(out, "{line}").is_err() {
                return ExitCode::SUCCESS;
            }
        }
    }
    ExitCode::SUCCESS
}
