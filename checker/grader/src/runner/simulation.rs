//! Runs a program that simulates, and hears what became of its schedules.

use std::time::Duration;

use testkit::guard::{Program, Stream};
use testkit::scenario::Scenario;
use testkit::simulation::{FOLDER, OWN_FOLDER};
use testkit::verdict::{Outcome, Verdict};
use tokio::time::timeout;

use super::Runner;

/// How long a schedule may take on the clock on the wall. Virtual time stands still while a program
/// computes, so that one which never waits would be simulated for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Simulates scenarios under so many seeds each, and hands over what became of each, with its place, as
/// soon as that is known. Traces are left of what did not pass, or of all.
///
/// # Errors
/// What is to be said of the scenarios that are left, if the program did not come to them.
pub(super) async fn simulate(
    runner: &Runner,
    scenarios: &[&'static Scenario],
    seeds: u64,
    traces: bool,
    mut simulated: impl FnMut(usize, Outcome),
) -> Result<(), Verdict> {
    let fault = |why: String| Verdict::CheckerFault { why };
    for folder in [&runner.scratch, &runner.folder] {
        if let Err(error) = std::fs::create_dir_all(folder) {
            let folder = folder.display();
            return Err(fault(format!(
                "The checker could not make {folder}: {error}."
            )));
        }
    }
    let own_folder = runner.scratch.join(FOLDER).join(OWN_FOLDER);
    let mut program = Program::new("simulation", &runner.binary)
        .arg("--simulate")
        .args(["--seed".to_owned(), runner.seed.to_string()])
        .args(["--seeds".to_owned(), seeds.to_string()])
        .arg("--data")
        .arg(&runner.data)
        .arg("--scratch")
        .arg(&runner.scratch)
        .arg("--folder")
        .arg(&runner.folder)
        .env("SCRATCH_DIR", &own_folder)
        .env("TMPDIR", &own_folder)
        .logs(&runner.folder);
    if traces {
        program = program.arg("--traces");
    }
    for scenario in scenarios {
        program = program.args(["--scenario", scenario.id]);
    }
    let (child, mut lines) = runner.guard.listen_to(program);
    for (place, scenario) in scenarios.iter().enumerate() {
        runner.progress.begun(scenario);
        let line = loop {
            match timeout(PATIENCE, lines.recv()).await {
                Ok(Some((Stream::Stdout, line))) => break line,
                Ok(Some((Stream::Stderr, _))) => {}
                Ok(None) => {
                    let last = child.last_stderr_lines(3).join("; ");
                    return Err(fault(format!(
                        "The simulation ended in {}: {last}",
                        scenario.id
                    )));
                }
                Err(_) => {
                    let _ = child.kill().await;
                    return Err(Verdict::Inconclusive {
                        why: format!(
                            "The simulation stood still in {}: the program computed for {} s without waiting for anything.",
                            scenario.id,
                            PATIENCE.as_secs()
                        ),
                    });
                }
            }
        };
        match serde_json::from_str::<Outcome>(&line) {
            Ok(mut outcome) => {
                let folder = runner.folder.join(scenario.id);
                outcome.folder = folder.is_dir().then_some(folder);
                simulated(place, outcome);
            }
            Err(error) => {
                return Err(fault(format!(
                    "The checker could not understand the simulation: {error}."
                )));
            }
        }
    }
    Ok(())
}
