//! Runs a program that simulates, and hears what became of its schedules.

use testkit::guard::{Child, Ending, Program, Stream};
use testkit::scenario::Scenario;
use testkit::simulation::{FOLDER, OWN_FOLDER, STOOD_STILL};
use testkit::verdict::{Outcome, Verdict};

use super::Runner;

/// Simulates scenarios, as often as the flags say, and hands over what became of each, with its place, as
/// soon as that is known.
///
/// # Errors
/// What is to be said of the scenarios that are left, if the program did not come to them.
pub(super) async fn simulate(
    runner: &Runner,
    scenarios: &[&'static Scenario],
    flags: Vec<String>,
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
        .args(flags)
        .arg("--data")
        .arg(&runner.data)
        .arg("--scratch")
        .arg(&runner.scratch)
        .arg("--folder")
        .arg(&runner.folder)
        .env("SCRATCH_DIR", &own_folder)
        .env("TMPDIR", &own_folder)
        .logs(&runner.folder);
    for scenario in scenarios {
        program = program.args(["--scenario", scenario.id]);
    }
    let (child, mut lines) = runner.guard.listen_to(program);
    let mut last = None;
    for (place, scenario) in scenarios.iter().enumerate() {
        runner.progress.begun(scenario);
        let line = loop {
            match lines.recv().await {
                Some((Stream::Stdout, line)) => break line,
                Some((Stream::Stderr, _)) => {}
                None => return Err(unfinished(&child.ended().await, last, &child, scenario)),
            }
        };
        let outcome: Outcome = match serde_json::from_str(&line) {
            Ok(outcome) => outcome,
            Err(error) => {
                return Err(fault(format!(
                    "The checker could not understand the simulation: {error}."
                )));
            }
        };
        last = Some(outcome.verdict.clone());
        simulated(place, outcome);
    }
    Ok(())
}

/// What is to be said of a scenario that the program did not come to.
fn unfinished(
    ending: &Ending,
    last: Option<Verdict>,
    child: &Child,
    scenario: &Scenario,
) -> Verdict {
    match (ending, last) {
        (Ending::Code(code), Some(Verdict::Inconclusive { why }))
            if *code == i32::from(STOOD_STILL) =>
        {
            Verdict::Inconclusive {
                why: format!("An earlier scenario ended the simulation. {why}"),
            }
        }
        (Ending::GuardLost, _) => Verdict::CheckerFault {
            why: "The guard process is gone.".to_owned(),
        },
        _ => {
            let said = child.last_stderr_lines(3).join("; ");
            Verdict::Inconclusive {
                why: format!(
                    "The program {ending}, which also ended the simulation of {}. {said}",
                    scenario.title
                ),
            }
        }
    }
}
