//! The life of one check: find the course, build, run, report.

mod known;
mod order;
mod program;
mod remarks;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{OnceCell, mpsc};

use crate::journal::{self, Journal};
use crate::manifest::PARTS;
use grader::building::{Build, Building};
use grader::course::Course;
use grader::part_report::{Graded, PartReport, Refused};
use grader::progress::{Progress, Silent};
use grader::runner::{Asked, JOBS, Runner, not_simulated, start_guard, stories_ended, unwritten};
use grader::runs::room::Room;
use grader::runs::{self, Begun, Run};
use grader::sources::Sources;
use grader::submission::{Refusal, Submission};
use known::Known;
use order::seeds;
use program::simulation_of;
use remarks::{
    broken_markers, note_foreign_lines, own_code, passed_unwritten, thrown_away, unsimulated,
    unwritten_places,
};
use report::counterexample::{SCRIPT, STORY};
use report::page;
use testkit::exploration::Exploration;
use testkit::interrupt::Interrupt;
use testkit::part::Part;
use testkit::run_dir::RunDir;
use testkit::store::Stores;
use testkit::trouble::Result;
use testkit::verdict::{Failure, Outcome, Standing, Verdict, World};

pub use order::{Explore, FIRST_SIMULATED, Order, Story, Worlds, submitted};
pub(crate) use program::{Program, build_of_course, built, own_copy};

/// What is built before a submission.
const DEPENDENCIES: &str = "what submissions depend on";

/// The note for a learner who asks for processes alone.
const NOT_SIMULATED: &str = "Nothing was simulated or explored, because you chose `--world processes`. Without it, the checker finds more mistakes.";

/// Grades a part. `so_far` receives the results after each scenario; a scenario not finished by then is
/// inconclusive there.
///
/// # Errors
/// When the checker cannot do its work. What is wrong with the code that is graded stands in
/// the report instead.
pub async fn grade(
    course: &Course,
    part: &'static Part,
    order: &Order,
    progress: &Arc<dyn Progress>,
    interrupt: &Interrupt,
    so_far: &dyn Fn(&PartReport),
) -> Result<PartReport> {
    let mut report = PartReport::new(part, order.graded.clone(), order.seed, order.repeat);

    if matches!(order.graded, Graded::Submission(_)) {
        report.isolation = Some(order.isolation.word().to_owned());
        report.notes.extend(order.isolation.warning());
    }
    // The submission holds its slot, and with it the program, until the run has ended.
    let mut submission = None;
    let build = match &order.graded {
        Graded::Exercise => build_of_course(course, part, false),
        Graded::Solution => build_of_course(course, part, true),
        Graded::Submission(folder) => {
            let waits = |what| {
                if what == Building::WaitingForLock {
                    progress.build_begun(DEPENDENCIES);
                }
                progress.building(&what);
            };
            let laid_out = tokio::select! { biased;
                laid_out = Submission::lay_out(course, part, folder, &order.isolation, waits) => laid_out,
                why = interrupt.raised() => {
                    progress.build_ended();
                    return Ok(not_begun(part, order, &why));
                }
            };
            progress.build_ended();
            match laid_out {
                Ok(laid_out) => {
                    report.notes.extend(laid_out.notes.iter().cloned());
                    submission.insert(laid_out).build.clone()
                }
                Err(Refusal::Breaches(breaches)) => {
                    report.refuse(Refused::BreaksRules(breaches));
                    return Ok(report);
                }
                Err(Refusal::Trouble(trouble)) => return Err(trouble),
            }
        }
    };
    let run = RunDir::create()?;
    let guard = start_guard(&run)?;
    let building = async {
        if let Some(submission) = &submission {
            progress.build_begun(DEPENDENCIES);
            let prepared = submission
                .prepare(&guard, |what| progress.building(&what))
                .await;
            progress.build_ended();
            if let Some(why) = prepared? {
                return Ok(Program::Hindered(why));
            }
        }
        built(&build, part, &guard, order.verbose, progress, &mut report).await
    };
    let program = tokio::select! { biased;
        built = building => built?,
        why = interrupt.raised() => {
            progress.build_ended();
            guard.shutdown().await;
            return Ok(not_begun(part, order, &why));
        }
    };
    let solution = order.graded == Graded::Solution;
    let program = match (program, order.worlds) {
        (Program::Built(_), Worlds::Only(World::Simulated)) => {
            report.simulated = true;
            progress.build_begun("simulation");
            let tell = |what| progress.building(&what);
            let built = simulation_of(course, part, solution, &guard, tell).await;
            progress.build_ended();
            built?
        }
        (program, _) => program,
    };
    let binary = match program {
        Program::Built(binary) => binary,
        Program::Refused => {
            guard.shutdown().await;
            if order.graded == Graded::Exercise {
                note_foreign_lines(course, part, &mut report);
            }
            return Ok(report);
        }
        Program::Hindered(why) => {
            guard.shutdown().await;
            return Ok(not_begun(part, order, &why));
        }
    };

    let kept = match Run::begin(course, part.name) {
        Ok(kept) => Some(kept),
        Err(trouble) => {
            report.notes.push(format!(
                "This run is not kept, so there is no report of it: the checker {trouble}."
            ));
            None
        }
    };
    let folder = kept.as_ref().map_or(run.path(), |kept| kept.path());
    let program = own_copy(&run, part.package, &binary)?;
    let stores = Stores::new(order.store.clone(), &guard, &run);

    let sources = Sources::read(&build.folder)?;
    let gaps = unwritten(part, &sources);
    report.unwritten = unwritten_places(part, &report, &sources);
    report.notes.extend(thrown_away(part, &report, &sources));
    report.notes.extend(broken_markers(part, &sources));
    if order.graded != Graded::Solution {
        report.notes.extend(own_code(course, part, &sources));
    }
    if order.worlds == Worlds::Only(World::Processes)
        && order.graded == Graded::Exercise
        && order.story().is_none()
    {
        report.notes.push(NOT_SIMULATED.to_owned());
    }
    let mut known = Known::nothing(part, order, folder);
    let wanted = known.wanted.clone();
    let mut room = Room::of(folder);
    let mut broken_off = Vec::new();
    report.run = kept.as_ref().map(|kept| kept.path().to_owned());
    let schedules = order.seeds.unwrap_or(part.seeds);
    // Built while the processes run already; or why there is none, a sentence.
    let simulating = OnceCell::new();
    let unsimulated = unsimulated(part, &report, &sources);
    let build_simulation = async || -> std::result::Result<PathBuf, String> {
        if let Some(why) = &unsimulated {
            return Err(why.clone());
        }
        let built = simulation_of(course, part, solution, &guard, |_| {}).await;
        let copied = built.and_then(|program| match program {
            Program::Built(binary) => own_copy(&run, "simulation", &binary).map(Ok),
            Program::Refused => Ok(Err("The compiler refused it.".to_owned())),
            Program::Hindered(why) => Ok(Err(why)),
        });
        copied.unwrap_or_else(|trouble| Err(format!("The checker {trouble}.")))
    };
    for (round, seed) in seeds(order).enumerate() {
        let tries = folder.join(format!("run-{}", round + 1));
        let runner = Arc::new(Runner {
            guard: guard.clone(),
            binary: program.clone(),
            sources: submission
                .as_ref()
                .map(|submission| submission.sources.clone()),
            data: course.data(part),
            part,
            folder: tries.clone(),
            scratch: run.path().join(format!("scratch-{}", round + 1)),
            seed,
            jobs: JOBS,
            gaps: gaps.clone(),
            stores: stores.clone(),
            sandbox: order.isolation.nodes(&course.root),
            story: order.story().map(|story| story.plan.clone()),
            progress: Arc::clone(progress),
        });
        let settled = |place, mut outcome: Outcome| {
            progress.ended(&outcome);
            if let Verdict::Failed(failure) = &mut outcome.verdict {
                name_files_as_handed_in(failure, &build);
            }
            room.enter(&tries, &outcome);
            known.enter(round, place, outcome);
            let mut report = report.clone();
            report.notes.extend(room.note());
            let report = known.conclude(report, &inconclusive("it has not been run yet"));
            if let Some(kept) = &kept {
                // The report at the end says whether that works.
                let _ = kept.save(&report);
            }
            so_far(&report);
        };
        let explorer = Arc::clone(&runner);
        let under_way = match order.worlds {
            Worlds::Only(World::Processes) => runner.run_each(&wanted, interrupt, settled).await,
            Worlds::Only(World::Simulated) if unsimulated.is_some() => {
                let why = unsimulated.as_deref().unwrap_or_default();
                not_simulated(&wanted, why, seed, settled);
                Vec::new()
            }
            Worlds::Only(World::Simulated) => {
                runner
                    .simulate_each(&wanted, schedules, interrupt, settled)
                    .await;
                Vec::new()
            }
            Worlds::Both => {
                let first = order
                    .first_simulated
                    .wrapping_add(schedules.wrapping_mul(round as u64));
                let simulation = async {
                    let binary = simulating.get_or_init(build_simulation).await;
                    Ok(Runner {
                        binary: binary.clone()?,
                        seed: first,
                        progress: Arc::new(Silent),
                        ..(*runner).clone()
                    })
                };
                Arc::clone(&runner)
                    .run_in_both(simulation, schedules, &wanted, interrupt, settled)
                    .await
            }
        };
        broken_off.extend(
            under_way
                .into_iter()
                .map(|(place, outcome)| (round, place, outcome)),
        );
        if stores.trouble().is_some() || interrupt.why().is_some() {
            break;
        }
        let simulator = match order.worlds {
            Worlds::Only(World::Processes) => None,
            Worlds::Only(World::Simulated) => unsimulated.is_none().then(|| program.clone()),
            Worlds::Both => simulating.get().and_then(|built| built.clone().ok()),
        };
        let explorations = known.to_explore();
        if let Some(binary) = simulator.filter(|_| round == 0 && !explorations.is_empty()) {
            let runner = Runner {
                binary,
                seed: order
                    .story()
                    .map_or(order.first_simulated, |story| story.seed),
                ..(*explorer).clone()
            };
            let asked = order.asked(&run)?;
            let mut settled = |mut outcome: Outcome| {
                progress.ended(&outcome);
                room.enter(&tries, &outcome);
                if let Verdict::Inconclusive { why } | Verdict::CheckerFault { why } =
                    &outcome.verdict
                    && order.worlds == Worlds::Both
                {
                    let title = &outcome.title;
                    let note = format!("Not explored: {title}. {why}");
                    report.notes.push(note);
                    return;
                }
                leave_story(&outcome);
                outcome.folder = known.within(outcome.folder.take());
                known.explored.push(outcome);
            };
            explore(&runner, &explorations, &asked, interrupt, &mut settled).await;
        }
    }
    guard.shutdown().await;
    stories_ended().await;
    stores.close().await;

    let is_fault = |outcome: &Outcome| outcome.verdict.standing() == Standing::CheckerFault;
    let rest = match (stores.trouble(), interrupt.why()) {
        (Some(trouble), _) if known.outcomes.values().all(is_fault) => {
            remove(kept);
            return Err(trouble);
        }
        (_, Some(why)) if known.outcomes.is_empty() => {
            remove(kept);
            return Ok(not_begun(part, order, &why));
        }
        (Some(trouble), _) => Verdict::CheckerFault {
            why: format!("The checker {trouble}."),
        },
        (None, why) => inconclusive(&why.unwrap_or_default()),
    };
    for (round, place, outcome) in broken_off {
        room.enter(&folder.join(format!("run-{}", round + 1)), &outcome);
        known.enter(round, place, outcome);
        known.broken_off += 1;
    }
    report.notes.extend(known.story_on_processes());
    report.notes.extend(stores.note());
    report.notes.extend(room.note());
    report
        .notes
        .extend(passed_unwritten(part, known.outcomes.values()));
    let mut report = known.conclude(report, &rest);
    if let Some(kept) = kept {
        keep(kept, &mut report);
        runs::forget_old(course);
    }
    let entered = Journal::change(course, |journal| journal.enter(part, &report, &sources));
    report.notes.extend(journal::forgotten(entered));
    Ok(report)
}

/// Leaves a story that was found in the folder of its traces: to be told again, and to be played.
fn leave_story(outcome: &Outcome) {
    let Verdict::Failed(failure) = &outcome.verdict else {
        return;
    };
    let (Some(found), Some(folder)) = (&failure.counterexample, &outcome.folder) else {
        return;
    };
    let story = Story {
        scenario: outcome.scenario.clone(),
        seed: outcome.seed,
        plan: found.plan.clone(),
    };
    let text = serde_json::to_string_pretty(&story).expect("a story is data");
    // The report tells the story in any case.
    let _ = fs::write(folder.join(STORY), text + "\n");
    let _ = fs::write(folder.join(SCRIPT), found.script.join("\n") + "\n");
}

/// Explores in two programs at once, as there are two processors at least.
async fn explore(
    runner: &Runner,
    explorations: &[&'static Exploration],
    asked: &Asked,
    interrupt: &Interrupt,
    settled: &mut dyn FnMut(Outcome),
) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (place, exploration) in explorations.iter().enumerate() {
        match place % 2 {
            0 => first.push(*exploration),
            _ => second.push(*exploration),
        }
    }
    let (known, mut explored) = mpsc::unbounded_channel();
    let half = |name: &str, explorations: Vec<&'static Exploration>| {
        let known = known.clone();
        let runner = Runner {
            scratch: runner.scratch.join(name),
            ..runner.clone()
        };
        async move {
            let settled = |outcome| drop(known.send(outcome));
            if !explorations.is_empty() {
                runner
                    .explore_each(&explorations, asked, interrupt, settled)
                    .await;
            }
        }
    };
    let halves = async {
        tokio::join!(half("explore-1", first), half("explore-2", second));
    };
    tokio::pin!(halves);
    loop {
        tokio::select! { biased;
            Some(outcome) = explored.recv() => settled(outcome),
            () = &mut halves => break,
        }
    }
    while let Ok(outcome) = explored.try_recv() {
        settled(outcome);
    }
}

/// Ends a run with its report, and the page of it.
fn keep(kept: Begun, report: &mut PartReport) {
    let written = kept
        .save(report)
        .and_then(|()| page::write(&kept, report, &PARTS));
    let Err(trouble) = written else {
        return kept.end();
    };
    report.notes.push(format!(
        "There is no report of this run: the checker {trouble}."
    ));
    report.run = None;
    // Without verdicts there is nothing to come back to.
    match kept.has_verdicts() {
        true => kept.end(),
        false => kept.remove(),
    }
}

/// Removes a run of which nothing is known.
fn remove(kept: Option<Begun>) {
    if let Some(kept) = kept {
        kept.remove();
    }
}

/// The report of a part that was not begun, as the run was ended before.
pub fn not_begun(part: &'static Part, order: &Order, why: &str) -> PartReport {
    let report = PartReport::new(part, order.graded.clone(), order.seed, order.repeat);
    Known::nothing(part, order, Path::new("")).conclude(report, &inconclusive(why))
}

fn inconclusive(why: &str) -> Verdict {
    Verdict::Inconclusive {
        why: why.to_owned(),
    }
}

/// Names the files of the learner as the learner knows them, not as the compiler found them in a slot.
fn name_files_as_handed_in(failure: &mut Failure, build: &Build) {
    if let Some(place) = &mut failure.place {
        place.file = build.as_handed_in(&place.file.to_string_lossy()).into();
    }
    for line in failure.stderr.iter_mut().flat_map(|said| &mut said.lines) {
        *line = build.as_handed_in(line);
    }
}
