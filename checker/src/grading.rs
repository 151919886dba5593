//! The life of one check: find the course, build, run, report.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prompt::text::utf8;
use runtime::terminal::{note, visible};
use walkdir::WalkDir;

use crate::building::{Binary, Build, Built};
use crate::course::Course;
use crate::dev::sources::Sources;
use crate::gaps;
use crate::guard::Guard;
use crate::isolation::{Isolation, IsolationChoice};
use crate::journal::Journal;
use crate::manifest::Part;
use crate::report::page;
use crate::report::progress::Progress;
use crate::report::{CodePlace, Graded, PartReport, Refused};
use crate::run_dir::RunDir;
use crate::runner::{HELD_UNWRITTEN, JOBS, Runner};
use crate::runs::Run;
use crate::scenario::Scenario;
use crate::store::{StoreChoice, Stores};
use crate::stubs::Stub;
use crate::submission::{Refusal, Submission};
use crate::trouble::{Result, Trouble, While};
use crate::verdict::{Failure, Outcome, ProblemResult, Verdict};

/// What to grade, and how.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose code.
    pub graded: Graded,
    /// Which problems; all, when empty.
    pub problems: Vec<u8>,
    /// The seed of the first run; each further run takes the next number.
    pub seed: u64,
    /// How often.
    pub repeat: u32,
    /// Show the compiler's warnings.
    pub verbose: bool,
    /// How many scenarios run at once.
    pub jobs: Option<usize>,
    /// Which store the nodes use, where they use one.
    pub store: StoreChoice,
    /// Whether what was handed in is walled in.
    pub isolation: IsolationChoice,
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

/// The scenarios of a part, in the order of its problems.
pub fn scenarios(part: &Part) -> &'static [Scenario] {
    match part.number {
        1 => crate::part1::SCENARIOS,
        2 => crate::part2::SCENARIOS,
        3 => crate::part3::SCENARIOS,
        4 => crate::part4::SCENARIOS,
        _ => &[],
    }
}

/// Grades a part.
///
/// # Errors
/// When the checker cannot do its work. What is wrong with the code that is graded stands in
/// the report instead.
pub async fn grade(
    course: &Course,
    part: &'static Part,
    order: &Order,
    progress: &Arc<dyn Progress>,
) -> Result<PartReport> {
    let mut report = PartReport::new(part, order.graded.clone(), order.seed, order.repeat);

    let isolation = match &order.graded {
        Graded::Submission(_) => Some(order.isolation.settle()?),
        Graded::Exercise | Graded::Solution => None,
    };
    if let Some(isolation) = &isolation {
        report.isolation = Some(isolation.word().to_owned());
        report.notes.extend(isolation.warning());
    }
    // The submission holds its slot, and with it the program, until the run is over.
    let mut submission = None;
    let build = match &order.graded {
        Graded::Exercise => build_of_course(course, part, false),
        Graded::Solution => build_of_course(course, part, true),
        Graded::Submission(folder) => {
            let isolation = isolation.clone().unwrap_or(Isolation::Off);
            match Submission::lay_out(course, part, folder, &isolation).await {
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
    if let Some(submission) = &submission {
        progress.build_begun("what submissions depend on");
        let prepared = submission
            .prepare(&guard, |what| progress.building(&what))
            .await;
        progress.build_ended();
        prepared?;
    }
    let built = built(&build, part, &guard, order.verbose, progress, &mut report).await?;
    let Some(binary) = built else {
        guard.shutdown().await;
        if order.graded == Graded::Exercise {
            note_foreign_lines(course, part, &mut report);
        }
        return Ok(report);
    };

    let kept = match Run::begin(course, part.name) {
        Ok(kept) => Some(kept),
        Err(trouble) => {
            report.notes.push(format!(
                "This run is not kept, so that there is no report of it: the checker {trouble}."
            ));
            None
        }
    };
    let folder = kept.as_ref().map_or(run.path(), Run::path);
    let program = own_copy(&run, part, &binary)?;
    let stores = Stores::new(order.store.clone(), &guard, &run);

    let wanted: Vec<&'static Scenario> = scenarios(part)
        .iter()
        .filter(|scenario| order.problems.is_empty() || order.problems.contains(&scenario.problem))
        .collect();
    let sources = Sources::read(&build.folder)?;
    let gaps = unwritten(part, &sources);
    let mut outcomes = Vec::new();
    for round in 0..order.repeat.max(1) {
        let runner = Arc::new(Runner {
            guard: guard.clone(),
            binary: program.clone(),
            sources: submission
                .as_ref()
                .map(|submission| submission.sources.clone()),
            data: course.data(part),
            part: part.number,
            folder: folder.join(format!("run-{}", round + 1)),
            scratch: run.path().join(format!("scratch-{}", round + 1)),
            seed: order.seed.wrapping_add(u64::from(round)),
            jobs: order.jobs.unwrap_or(JOBS),
            gaps: gaps.clone(),
            stores: stores.clone(),
            sandbox: isolation
                .as_ref()
                .and_then(|isolation| isolation.nodes(&course.root)),
            progress: Arc::clone(progress),
        });
        outcomes.extend(runner.run(&wanted).await);
        if stores.trouble().is_some() {
            break;
        }
    }
    for outcome in &mut outcomes {
        outcome.folder = outcome
            .folder
            .take()
            .and_then(|try_of| Some(try_of.strip_prefix(folder).ok()?.to_owned()));
        if let Verdict::Failed(failure) = &mut outcome.verdict {
            name_files_as_handed_in(failure, &build);
        }
    }
    guard.shutdown().await;
    stores.close().await;
    if let Some(trouble) = stores.trouble() {
        return Err(trouble);
    }
    report.notes.extend(stores.note());
    report.notes.extend(passed_unwritten(part, &outcomes));

    report.run = kept.as_ref().map(|kept| kept.path().to_owned());
    report.conclude(by_problem(part, order, outcomes));
    if let Some(kept) = kept
        && let Err(trouble) = kept
            .finish(&report)
            .and_then(|()| page::write(&kept, &report))
    {
        report.notes.push(format!(
            "There is no report of this run: the checker {trouble}."
        ));
    }
    Journal::change(course, |journal| journal.enter(part, &report, &sources));
    Ok(report)
}

/// The build of a part's exercise, or of its solution.
pub(crate) fn build_of_course(course: &Course, part: &Part, solution: bool) -> Build {
    match solution {
        true => Build::of_course(&course.root, course.solution(part), part.solution_package),
        false => Build::of_course(&course.root, course.exercise(part), part.package),
    }
}

/// A guard for a run.
pub(crate) fn start_guard(run: &RunDir) -> Result<Guard> {
    let own = std::env::current_exe().or_trouble(|| "find the checker's own program")?;
    Guard::start(&own, run)
}

/// A program that stays as it is: a build in the meantime cannot put another in its place.
pub(crate) fn own_copy(run: &RunDir, part: &Part, binary: &Binary) -> Result<PathBuf> {
    let program = run.folder("bin")?.join(part.package);
    fs::copy(&binary.path, &program).or_trouble(|| format!("copy {}", binary.path.display()))?;
    Ok(program)
}

/// Builds the program, or enters into the report why not. With `verbose`, the compiler's warnings
/// are shown.
pub(crate) async fn built(
    build: &Build,
    part: &Part,
    guard: &Guard,
    verbose: bool,
    progress: &Arc<dyn Progress>,
    report: &mut PartReport,
) -> Result<Option<Binary>> {
    if let Some(refused) = unreadable(part, &build.folder) {
        report.refuse(refused);
        return Ok(None);
    }
    progress.build_begun(&build.package);
    let built = build.run(guard, |what| progress.building(&what)).await;
    progress.build_ended();
    match built? {
        Built::Refused(mut errors) => {
            for error in &mut errors {
                error.rendered = build.as_handed_in(&error.rendered);
            }
            report.refuse(Refused::does_not_compile(part, &errors));
            Ok(None)
        }
        Built::Binary(binary) => {
            if verbose {
                for warning in &binary.warnings {
                    note(format_args!("{}", build.as_handed_in(&warning.rendered)));
                }
            } else {
                report.warn(&binary.warnings);
            }
            Ok(Some(binary))
        }
    }
}

/// The files of a part that the compiler cannot read. It would only complain about the line that
/// names their module.
fn unreadable(part: &Part, folder: &Path) -> Option<Refused> {
    let known = part.editable.iter().chain(part.given).map(PathBuf::from);
    let found = WalkDir::new(folder.join("src")).into_iter();
    let found = found.filter_map(|entry| {
        let path = entry.ok()?.into_path();
        let is_rust = path.extension().is_some_and(|ending| ending == "rs");
        is_rust.then(|| Some(path.strip_prefix(folder).ok()?.to_owned()))?
    });
    let files: BTreeSet<PathBuf> = known.chain(found).collect();
    let (mut rendered, mut places) = (Vec::new(), Vec::new());
    for file in files {
        let path = folder.join(&file);
        let why = match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Some("is missing".to_owned()),
            Ok(metadata) if !metadata.is_file() => Some("is not a file".to_owned()),
            _ => match fs::read(&path) {
                Ok(bytes) => utf8(bytes).err(),
                Err(error) => Some(format!("cannot be read: {error}")),
            },
        };
        if let Some(why) = why {
            rendered.push(format!("error: {} {why}", visible(&file.to_string_lossy())));
            places.push(CodePlace {
                editable: part.is_learners(&file),
                file,
                line: None,
            });
        }
    }
    (!places.is_empty()).then_some(Refused::DoesNotCompile { rendered, places })
}

/// Notes what a learner may not see who has put back a gap: the error is in a line outside of it,
/// which he has edited as well.
fn note_foreign_lines(course: &Course, part: &Part, report: &mut PartReport) {
    let (Some(Refused::DoesNotCompile { places, .. }), Ok(stub)) =
        (&report.refused, Stub::read(course, part))
    else {
        return;
    };
    for CodePlace {
        file,
        line,
        editable,
    } in places
    {
        let yours = fs::read_to_string(course.exercise(part).join(file));
        let (Some(line), true, Ok(yours)) = (line, editable, yours) else {
            continue;
        };
        if stub.is_foreign(file, &yours, *line) {
            let file = file.display();
            report.notes.push(format!(
                "line {line} of {file} is outside of the gaps, and not as the course gave it: compare checker/stubs/{}/{file}.",
                part.folder
            ));
        }
    }
}

/// Names the files of the learner as he knows them, not as the compiler found them in a slot.
fn name_files_as_handed_in(failure: &mut Failure, build: &Build) {
    if let Some(place) = &mut failure.place {
        place.file = build.as_handed_in(&place.file.to_string_lossy()).into();
    }
    for line in failure.stderr.iter_mut().flat_map(|said| &mut said.lines) {
        *line = build.as_handed_in(line);
    }
}

/// A learner may have written the code in another place than the gap, and must be told.
fn passed_unwritten(part: &Part, outcomes: &[Outcome]) -> Vec<String> {
    let passed = |number: u8| {
        let of_problem = outcomes
            .iter()
            .filter(move |outcome| outcome.problem == number);
        let held = |outcome: &Outcome| outcome.observations == [HELD_UNWRITTEN];
        of_problem.clone().next().is_some() && of_problem.clone().all(held)
    };
    let problems = part.problems.iter().map(|problem| problem.number);
    problems
        .filter(|&number| passed(number))
        .map(|number| {
            format!(
                "problem {number} held in every scenario, but a gap that it needs holds no code of yours. It counts once \
                 your code stands between the gap's markers."
            )
        })
        .collect()
}

fn by_problem(part: &Part, order: &Order, outcomes: Vec<Outcome>) -> Vec<ProblemResult> {
    part.problems
        .iter()
        .filter(|problem| order.problems.is_empty() || order.problems.contains(&problem.number))
        .map(|problem| {
            let own: Vec<_> = outcomes
                .iter()
                .filter(|outcome| outcome.problem == problem.number)
                .cloned()
                .collect();
            // Who asks for a problem by its number wants to know of that one.
            let optional = problem.optional && order.problems.is_empty();
            ProblemResult::new(problem.number, problem.title, optional, own).worth(problem.points)
        })
        .collect()
}

/// The folder that a learner named, made absolute, so that it can be named again.
///
/// # Errors
/// When the folder is not there.
pub fn submitted(folder: PathBuf) -> Result<Graded> {
    let whole = folder
        .canonicalize()
        .or_trouble(|| format!("find the folder {}", folder.display()))?;
    if !whole.is_dir() {
        return Err(Trouble::new(format!(
            "could not grade {}: it is not a folder, but a copy of the exercise's folder is needed",
            folder.display()
        )));
    }
    Ok(Graded::Submission(whole))
}
