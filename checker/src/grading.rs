//! The life of one check: find the course, build, run, report.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use prompt::text::utf8;
use runtime::terminal::{note, visible};
use serde::{Deserialize, Serialize};
use tokio::sync::{OnceCell, mpsc};
use walkdir::WalkDir;

use crate::journal::{self, Journal};
use crate::manifest::PARTS;
use grader::building::{Binary, Build, Building, Built};
use grader::course::Course;
use grader::gaps;
use grader::part_report::{CodePlace, Graded, PartReport, Refused, Unwritten};
use grader::progress::{Progress, Silent};
use grader::runner::{
    Asked, HELD_UNWRITTEN, JOBS, Runner, not_simulated, start_guard, stories_ended, unwritten,
};
use grader::runs::room::Room;
use grader::runs::{self, Begun, Run};
use grader::simulation;
use grader::sources::Sources;
use grader::stubs::Stub;
use grader::submission::{Refusal, Submission};
use grader::unawaited;
use grader::unsimulated;
use report::counterexample::{SCRIPT, STORY};
use report::page;
use testkit::exploration::{Exploration, Plan};
use testkit::guard::Guard;
use testkit::interrupt::Interrupt;
use testkit::isolation::Isolation;
use testkit::part::Part;
use testkit::plain_file::{self, MAX_TEXT};
use testkit::run_dir::RunDir;
use testkit::scenario::Scenario;
use testkit::store::{StoreChoice, Stores};
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::{Failure, Outcome, ProblemResult, Standing, Verdict, World, at_line};

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
    /// Which store the nodes use, where they use one.
    pub store: StoreChoice,
    /// What walls in what was handed in.
    pub isolation: Isolation,
    /// Where the nodes run.
    pub worlds: Worlds,
    /// The seed of the first simulated schedule.
    pub first_simulated: u64,
    /// With how many seeds each scenario is simulated; the part's own number, if not given.
    pub seeds: Option<u64>,
    /// What is explored.
    pub explore: Explore,
}

/// What is explored, where nodes are simulated.
#[derive(Debug, Clone, PartialEq)]
pub enum Explore {
    /// Nothing.
    Off,
    /// Each problem whose scenarios passed, in so many schedules, or in as many as it is worth.
    Passed(Option<u64>),
    /// Each problem, for so long, and its scenarios are left out.
    Alone(Duration),
    /// One story is told again, and nothing else.
    Story(Box<Story>),
}

/// A story of an exploration, as it is kept in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// The exploration.
    pub scenario: String,
    /// The seed under which it was seen.
    pub seed: u64,
    /// What happens.
    pub plan: Plan,
}

impl Order {
    fn story(&self) -> Option<&Story> {
        match &self.explore {
            Explore::Story(story) => Some(story),
            _ => None,
        }
    }

    fn asked(&self, run: &RunDir) -> Result<Asked> {
        Ok(match &self.explore {
            Explore::Passed(schedules) => Asked {
                schedules: *schedules,
                ..Asked::default()
            },
            Explore::Alone(time) => Asked {
                schedules: Some(u64::MAX),
                time: Some(*time),
                small: true,
                ..Asked::default()
            },
            Explore::Story(story) => {
                let file = run.folder("story")?.join("plan.json");
                let plan = serde_json::to_vec(&story.plan).expect("a plan is data");
                fs::write(&file, plan).or_trouble(|| format!("write {}", file.display()))?;
                Asked {
                    story: Some(file),
                    ..Asked::default()
                }
            }
            Explore::Off => Asked::default(),
        })
    }
}

impl FromStr for Explore {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match (text, text.parse()) {
            ("off", _) => Ok(Explore::Off),
            (_, Ok(schedules)) if schedules > 0 => Ok(Explore::Passed(Some(schedules))),
            _ => Err("it must be a number of schedules, or off".to_owned()),
        }
    }
}

/// Where the nodes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worlds {
    /// On processes, and beside them in a simulation.
    Both,
    /// In one world alone.
    Only(World),
}

impl FromStr for Worlds {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match (text, text.parse()) {
            ("both", _) => Ok(Worlds::Both),
            (_, Ok(world)) => Ok(Worlds::Only(world)),
            _ => Err("it must be both, processes or simulated".to_owned()),
        }
    }
}

/// The seed of the first simulated schedule, unless told otherwise: always the same, so that the same program
/// gets the same verdict.
pub const FIRST_SIMULATED: u64 = 1;

/// What is built before a submission.
const DEPENDENCIES: &str = "what submissions depend on";

/// What to tell about files whose gaps cannot be told apart, a sentence each: what `reset` and `diff` do
/// goes by the markers, and so does "not written".
fn broken_markers(part: &Part, sources: &Sources) -> Vec<String> {
    let broken = part.editable.iter().filter_map(|file| {
        let text = sources.files.get(file.strip_prefix("src/").unwrap_or(file))?;
        let why = gaps::pieces(text).err()?;
        Some(format!(
            "The gap markers of {file} are broken: {why}. Put them back as `checker/stubs/{}/{file}` has them.",
            part.folder
        ))
    });
    broken.collect()
}

/// Where there is code to write, problem by problem.
fn unwritten_places(part: &Part, report: &PartReport, sources: &Sources) -> Vec<Unwritten> {
    let text = |file: &str| sources.files.get(file.strip_prefix("src/").unwrap_or(file));
    let mut unwritten = Vec::new();
    for problem in part.problems {
        for &gap in problem.gaps {
            let places = gaps::open_places(part.editable, gap, |file| text(file).cloned());
            unwritten.extend(places.map(|(file, line)| Unwritten {
                problem: problem.number,
                gap,
                file: report.in_course(Some(part), file),
                line,
            }));
        }
    }
    unwritten
}

/// What to tell about messages that are never sent, as nothing awaits the futures that would send them.
fn thrown_away(part: &Part, report: &PartReport, sources: &Sources) -> Vec<String> {
    let futures = sources.files.iter().flat_map(|(file, text)| {
        let futures = unawaited::thrown_away(text).into_iter();
        futures.map(move |(line, sender)| (file, line, sender))
    });
    let told = futures.map(|(file, line, sender)| {
        let place = report.in_course(Some(part), &format!("src/{file}"));
        format!(
            "perhaps a message is never sent: in {} `let _ =` discards what `{sender}` returns, and that sends \
             nothing before `.await`.",
            visible(&at_line(&place, Some(line)))
        )
    });
    told.collect()
}

/// Why the code cannot be simulated, if it cannot; a sentence.
fn unsimulated(part: &Part, report: &PartReport, sources: &Sources) -> Option<String> {
    let mut files = sources.files.iter();
    let (file, found) = files.find_map(|(file, text)| Some((file, unsimulated::found(text)?)))?;
    let place = report.in_course(Some(part), &format!("src/{file}"));
    let place = at_line(&place, Some(found.line));
    Some(format!(
        "`{}` in {place} cannot be simulated: {}.",
        found.what, found.why
    ))
}

/// What to tell about code that stands outside of the gaps: that nothing is done to it.
fn own_code(course: &Course, part: &Part, sources: &Sources) -> Option<String> {
    let files = Stub::read(course, part)
        .ok()?
        .with_own_code(part.editable, sources);
    let names: Vec<String> = files
        .iter()
        .map(|file| visible(&file.to_string_lossy()))
        .collect();
    let have = match names.as_slice() {
        [] => return None,
        [_] => "has",
        _ => "have",
    };
    Some(format!(
        "{} {have} code outside of the gaps that is not the course's: it is kept, and graded with the rest.",
        names.join(", ")
    ))
}

/// Grades a part. `so_far` hears what is known after each scenario; what is not finished by then is
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
                // Whether that works is told in the end.
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

/// The seed of each round.
fn seeds(order: &Order) -> impl Iterator<Item = u64> {
    let seed = order.seed;
    (0..order.repeat.max(1)).map(move |round| seed.wrapping_add(u64::from(round)))
}

/// What is known of a part while it is run.
struct Known<'a> {
    part: &'static Part,
    order: &'a Order,
    /// The folder of the run, which the folders of outcomes are named within.
    folder: &'a Path,
    wanted: Vec<&'static Scenario>,
    /// By round, and by place among those that are wanted.
    outcomes: BTreeMap<(usize, usize), Outcome>,
    /// How many of these were under way when the run was ended.
    broken_off: usize,
    /// What became of explorations.
    explored: Vec<Outcome>,
}

impl<'a> Known<'a> {
    fn nothing(part: &'static Part, order: &'a Order, folder: &'a Path) -> Known<'a> {
        let is_wanted = |scenario: &&Scenario| {
            order.problems.is_empty() || order.problems.contains(&scenario.problem)
        };
        Known {
            part,
            order,
            folder,
            wanted: match &order.explore {
                Explore::Alone(_) => Vec::new(),
                Explore::Story(story) if order.worlds == Worlds::Only(World::Processes) => {
                    let exploration = part.exploration(&story.scenario);
                    exploration.map(|of| &of.scenario).into_iter().collect()
                }
                Explore::Story(_) => Vec::new(),
                Explore::Off | Explore::Passed(_) => {
                    part.scenarios.iter().filter(is_wanted).collect()
                }
            },
            outcomes: BTreeMap::new(),
            broken_off: 0,
            explored: Vec::new(),
        }
    }

    /// The explorations that are to be done, as far as is known of the scenarios.
    fn to_explore(&self) -> Vec<&'static Exploration> {
        let is_wanted = |exploration: &&Exploration| {
            let scenario = &exploration.scenario;
            let of_problem = || {
                self.outcomes
                    .values()
                    .filter(|of| of.problem == scenario.problem)
            };
            let is_of_order =
                self.order.problems.is_empty() || self.order.problems.contains(&scenario.problem);
            match &self.order.explore {
                Explore::Off => false,
                Explore::Passed(_) => {
                    is_of_order
                        && of_problem().all(|of| of.verdict.standing() == Standing::Passed)
                        && of_problem().next().is_some()
                }
                Explore::Alone(_) => is_of_order,
                Explore::Story(story) => story.scenario == scenario.id,
            }
        };
        self.part.explorations.iter().filter(is_wanted).collect()
    }

    /// How often a story failed on processes, as a sentence.
    fn story_on_processes(&self) -> Option<String> {
        let on_processes = self.order.worlds == Worlds::Only(World::Processes);
        self.order.story().filter(|_| on_processes)?;
        let all = self.outcomes.len();
        let failed = self.outcomes.values();
        let failed = failed.filter(|of| of.verdict.standing() == Standing::Failed);
        Some(match failed.count() {
            0 => format!(
                "In {all} runs on processes, the story did not fail: there, its messages came in another order."
            ),
            failed => format!("The story failed in {failed} of {all} runs on processes."),
        })
    }

    /// A folder, as it is named within that of the run.
    fn within(&self, folder: Option<PathBuf>) -> Option<PathBuf> {
        Some(folder?.strip_prefix(self.folder).ok()?.to_owned())
    }

    fn enter(&mut self, round: usize, place: usize, mut outcome: Outcome) {
        outcome.folder = self.within(outcome.folder.take());
        self.outcomes.insert((round, place), outcome);
    }

    /// Enters what is known into a report, with that verdict for the rest.
    fn conclude(&self, mut report: PartReport, rest: &Verdict) -> PartReport {
        let mut outcomes = Vec::new();
        let mut unfinished = self.broken_off;
        for (round, seed) in seeds(self.order).enumerate() {
            // Where a problem is not written, what was not run would say the same.
            let is_left_out = |scenario: &Scenario| {
                let of_round = self.outcomes.range((round, 0)..(round + 1, 0));
                let mut outcomes = of_round.map(|(_, outcome)| outcome);
                outcomes.any(|outcome| {
                    outcome.problem == scenario.problem
                        && outcome.verdict.standing() == Standing::NotWritten
                })
            };
            for (place, scenario) in self.wanted.iter().enumerate() {
                match self.outcomes.get(&(round, place)) {
                    Some(outcome) => {
                        // It was broken off, if not by us.
                        let fault = outcome.verdict.standing() == Standing::CheckerFault;
                        unfinished += usize::from(fault);
                        outcomes.push(outcome.clone());
                    }
                    None if is_left_out(scenario) => {}
                    None => {
                        unfinished += 1;
                        outcomes.push(scenario.outcome(rest.clone(), seed));
                    }
                }
            }
        }
        outcomes.extend(self.explored.iter().cloned());
        report.complete = unfinished == 0;
        if !report.complete {
            report.notes.push(format!(
                "{unfinished} of {} scenarios were not finished.",
                outcomes.len()
            ));
        }
        report.conclude(by_problem(self.part, self.order, outcomes));
        report
    }
}

/// The build of a part's exercise, or of its solution.
pub(crate) fn build_of_course(course: &Course, part: &Part, solution: bool) -> Build {
    match solution {
        true => Build::of_course(&course.root, course.solution(part), part.solution_package),
        false => Build::of_course(&course.root, course.exercise(part), part.package),
    }
}

/// A program that stays as it is: a build in the meantime cannot put another in its place.
pub(crate) fn own_copy(run: &RunDir, name: &str, binary: &Binary) -> Result<PathBuf> {
    let program = run.folder("bin")?.join(name);
    fs::copy(&binary.path, &program).or_trouble(|| format!("copy {}", binary.path.display()))?;
    Ok(program)
}

/// What became of the build of a program.
pub(crate) enum Program {
    /// It was built.
    Built(Binary),
    /// The code was refused, and the report says why.
    Refused,
    /// The machine did not let the build finish; a sentence.
    Hindered(String),
}

/// Builds the program, or enters into the report why it is refused. With `verbose`, the compiler's warnings
/// are shown.
pub(crate) async fn built(
    build: &Build,
    part: &Part,
    guard: &Guard,
    verbose: bool,
    progress: &Arc<dyn Progress>,
    report: &mut PartReport,
) -> Result<Program> {
    if let Some(refused) = unreadable(part, &build.folder) {
        report.refuse(refused);
        return Ok(Program::Refused);
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
            Ok(Program::Refused)
        }
        Built::Hindered(why) => Ok(Program::Hindered(why)),
        Built::Binary(binary) => {
            if verbose {
                for warning in &binary.warnings {
                    note(format_args!("{}", build.as_handed_in(&warning.rendered)));
                }
            } else {
                report.warn(part, &binary.warnings);
            }
            Ok(Program::Built(binary))
        }
    }
}

/// Builds the program that simulates the code, which compiles by itself.
async fn simulation_of(
    course: &Course,
    part: &Part,
    solution: bool,
    guard: &Guard,
    progress: impl FnMut(Building),
) -> Result<Program> {
    let build = simulation::lay_out(course, part, solution).await?;
    match build.run(guard, progress).await? {
        Built::Binary(binary) => Ok(Program::Built(binary)),
        Built::Hindered(why) => Ok(Program::Hindered(why)),
        Built::Refused(errors) => {
            let said: Vec<_> = errors.iter().map(|error| error.rendered.as_str()).collect();
            Err(Trouble::new(format!(
                "could not compile the simulation:\n{}",
                said.join("\n")
            )))
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
            _ => match plain_file::read(&path, MAX_TEXT) {
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
/// which is the learner's own and has stayed.
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
        let yours = plain_file::read_text(&course.exercise(part).join(file), MAX_TEXT);
        let (Some(line), true, Ok(yours)) = (line, editable, yours) else {
            continue;
        };
        if stub.is_foreign(file, &yours, *line) {
            let file = file.display();
            report.notes.push(format!(
                "line {line} of {file} is outside of the gaps, and not as the course gave it; so `reset --problem` leaves it as it is. Compare checker/stubs/{}/{file}.",
                part.folder
            ));
        }
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

/// A learner may have written the code in another place than the gap, and must be told.
fn passed_unwritten<'a>(
    part: &Part,
    outcomes: impl Iterator<Item = &'a Outcome> + Clone,
) -> Vec<String> {
    let passed = |number: u8| {
        let of_problem = outcomes
            .clone()
            .filter(move |outcome| outcome.problem == number);
        let held = |outcome: &Outcome| outcome.observations == [HELD_UNWRITTEN];
        of_problem.clone().next().is_some() && of_problem.clone().all(held)
    };
    let problems = part.problems.iter().map(|problem| problem.number);
    problems
        .filter(|&number| passed(number))
        .map(|number| {
            format!(
                "problem {number} held in every scenario, but a gap that it needs contains no code of yours. It counts once \
                 your code is between the gap's markers."
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
            let all = part.scenarios.iter();
            let scenarios = all.filter(|scenario| scenario.problem == problem.number);
            ProblemResult::new(problem.number, problem.title, optional, own)
                .worth(problem.points, scenarios.count())
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
