//! The grader, graded: each variant of a part, and whether the grader says of it what it must.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use colored::Colorize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::course::Course;
use crate::dev::overlay;
use crate::dev::variants::{Kind, QUARTERS, Variant};
use crate::progress::Silent;
use crate::runner::{Asked, Runner, start_guard, unwritten};
use crate::sources::Sources;
use crate::stubs::Stub;
use testkit::exploration::Exploration;
use testkit::guard::Guard;
use testkit::interrupt::Interrupt;
use testkit::part::Part;
use testkit::run_dir::RunDir;
use testkit::scenario::Scenario;
use testkit::store::{StoreChoice, Stores};
use testkit::trace::Trace;
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::{Diagnosis, Failure, Outcome, ProblemResult, Standing, Verdict, World};

/// How many variants are graded at once on processes. Most of the time they wait.
const AT_ONCE: usize = 6;

/// The file with the outcome of a case that is kept.
pub(super) const OUTCOME: &str = "outcome.json";

/// What is checked, and how.
#[derive(Debug, Clone)]
pub struct Order {
    /// Only variants whose names contain this.
    pub only: Option<String>,
    /// The store of the run.
    pub store: StoreChoice,
    /// Where the failures of near-misses and their traces are left, if anywhere.
    pub cases: Option<PathBuf>,
    /// The seed of the run. It also says which quarter of the variants runs on processes.
    pub seed: u64,
    /// Where variants run; in both worlds, if none is named.
    pub world: Option<World>,
    /// With how many seeds, at most, a near-miss is simulated until it is rejected.
    pub seeds: u64,
    /// Whether all variants run on processes, and not only a quarter of them. Those that are asked for by
    /// name always do.
    pub all: bool,
}

impl Order {
    /// The worlds in which variants run, the faster one first.
    pub fn worlds(&self) -> impl Iterator<Item = World> + use<> {
        let only = self.world;
        let worlds = [World::Simulated, World::Processes].into_iter();
        worlds.filter(move |world| only.is_none_or(|only| only == *world))
    }

    /// Which quarter of the variants runs on processes.
    pub fn quarter(&self) -> u64 {
        self.seed % QUARTERS
    }

    /// Whether a variant runs in a world: right programs do in both, the others on processes when it
    /// is their turn.
    fn wants(&self, part: &Part, variant: &Variant, world: World) -> bool {
        let only_simulated =
            variant.simulated_only.is_some() || exploration(part, &variant.kind).is_some();
        let only_processes = variant.processes_only.is_some();
        let is_due = match world {
            World::Simulated => !only_processes,
            World::Processes => {
                let is_turn =
                    self.all || self.only.is_some() || variant.quarter() == self.quarter();
                let is_wanted = is_turn || only_processes || variant.kind == Kind::Right;
                is_wanted && !only_simulated
            }
        };
        is_due
            && self
                .only
                .as_ref()
                .is_none_or(|only| variant.name.contains(only))
    }
}

/// What the grader said of one variant.
#[derive(Debug)]
pub struct Row {
    /// The variant's name.
    pub name: String,
    /// What it is there for.
    pub kind: Kind,
    /// What the grader should have said and did not; empty when all is well.
    pub wrong: Vec<String>,
    /// Whether the diagnosis named the mistake of a near-miss that was rejected.
    pub naming: Option<Naming>,
    /// How often a scenario had to be repeated.
    pub repeats: usize,
    /// How long it took.
    pub took: Duration,
}

/// What the diagnosis said of a near-miss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// It named the mistake.
    Named(String),
    /// It said nothing.
    Silent,
    /// It named a mistake that is not this one.
    Mistaken(String),
}

/// The variants of a part, built and ready to be graded.
pub struct Matrix {
    part: &'static Part,
    run: RunDir,
    guard: Guard,
    stores: Stores,
    data: PathBuf,
    programs: Vec<Program>,
}

/// A variant that is built and can be started.
struct Program {
    variant: Variant,
    path: PathBuf,
    /// The problems whose gaps hold no code, and what those gaps are called.
    gaps: BTreeMap<u8, String>,
}

impl Matrix {
    /// Builds the variants of a part whose names contain a text, or all.
    ///
    /// # Errors
    /// When they cannot be built.
    pub async fn build(
        course: &Course,
        part: &'static Part,
        store: StoreChoice,
        only: Option<&str>,
    ) -> Result<Matrix> {
        let (overlay, variants) = overlay::of_variants(course, part, only).await?;
        let run = RunDir::create()?;
        let guard = start_guard(&run)?;
        let stub = Stub::read(course, part)?.sources();
        let solution = Sources::read(&course.solution(part))?;
        let built = overlay.build(&guard, |_| {}).await?.all()?;
        let mut programs = Vec::new();
        for variant in variants {
            let gaps = match variant.kind {
                Kind::Stub { filled } => unwritten(part, &stub.filled(&solution, filled)?),
                Kind::NearMiss { .. } | Kind::Right => BTreeMap::new(),
            };
            let path = built[&variant.name].clone();
            programs.push(Program {
                variant,
                path,
                gaps,
            });
        }
        Ok(Matrix {
            part,
            stores: Stores::new(store, &guard, &run),
            data: course.data(part),
            run,
            guard,
            programs,
        })
    }

    /// Grades in one world all variants that are wanted there, and calls `told` with each row as it comes.
    ///
    /// # Errors
    /// When they cannot be run.
    pub async fn grade(
        &self,
        world: World,
        order: &Order,
        mut told: impl FnMut(&Row),
    ) -> Result<Vec<Row>> {
        let places = Arc::new(Semaphore::new(match world {
            World::Processes => AT_ONCE,
            World::Simulated => std::thread::available_parallelism().map_or(1, usize::from),
        }));
        let mut running = JoinSet::new();
        let wanted = self.programs.iter();
        for program in wanted.filter(|program| order.wants(self.part, &program.variant, world)) {
            let (variant, path) = (program.variant.clone(), program.path.clone());
            let gaps = program.gaps.clone();
            let runner = self.runner(&variant.name, world, path, order.seed, gaps)?;
            let (places, part, seeds) = (Arc::clone(&places), self.part, order.seeds);
            let cases = order.cases.as_deref();
            let case = cases.map(|cases| cases.join(part.name).join(&variant.name));
            running.spawn(async move {
                let _place = places.acquire_owned().await;
                let begun = Instant::now();
                // Some mistakes show by chance only, in a race that a busy machine may not run. The row says
                // that it took two tries; a right program has only one, and so has a simulation.
                let is_near_miss = matches!(variant.kind, Kind::NearMiss { .. });
                let most = 1 + usize::from(is_near_miss && world == World::Processes);
                let mut tries = 0;
                let outcomes = loop {
                    tries += 1;
                    let outcomes = try_on(&runner, &variant.kind, part, world, seeds).await;
                    if tries == most || judge(&variant.kind, part, &outcomes).is_empty() {
                        break outcomes;
                    }
                };
                let naming = naming(&variant.kind, &outcomes);
                let mut wrong = judge(&variant.kind, part, &outcomes);
                if let (World::Simulated, Some(shortest)) = (world, variant.shortest_story) {
                    wrong.extend(ill_shrunk(&runner, &variant.kind, shortest).await);
                }
                if let Kind::NearMiss { problems, .. } = &variant.kind
                    && let (Some(case), [problem, ..]) = (case, &problems[..])
                    && let Some((outcome, _)) = rejection(&variant.kind, *problem, &outcomes)
                {
                    keep_case(&case, outcome);
                }
                Row {
                    naming,
                    wrong,
                    name: variant.name,
                    kind: variant.kind,
                    repeats: outcomes
                        .iter()
                        .map(|outcome| outcome.repeats.len())
                        .sum::<usize>()
                        + (tries - 1),
                    took: begun.elapsed(),
                }
            });
        }
        let mut rows = Vec::new();
        while let Some(row) = running.join_next().await {
            let row = row.or_trouble(|| "grade a variant")?;
            told(&row);
            rows.push(row);
        }
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(rows)
    }

    /// The schedules of the solution that are not the same, byte for byte, in two processes that simulate
    /// nothing else: the ids of their scenarios and explorations. Says of how many.
    ///
    /// # Errors
    /// When they cannot be simulated.
    pub async fn differing(&self, order: &Order) -> Result<(usize, Vec<&'static str>)> {
        let stubs = self
            .programs
            .iter()
            .filter_map(|program| match program.variant.kind {
                Kind::Stub { filled } => Some((filled, program)),
                Kind::NearMiss { .. } | Kind::Right => None,
            });
        // The stub with all gaps filled is the solution.
        let Some((_, solution)) = stubs.max_by_key(|(filled, _)| *filled) else {
            return Ok((0, Vec::new()));
        };
        let explorations = self.part.explorations.iter().map(|of| &of.scenario);
        let scenarios: Vec<&'static Scenario> =
            self.part.scenarios.iter().chain(explorations).collect();
        let traced = async |name: &str, scenario: &'static Scenario| {
            let path = solution.path.clone();
            let runner = self.runner(name, World::Simulated, path, order.seed, BTreeMap::new())?;
            runner.trace_each(&[scenario]).await;
            let folder = runner.folder.join(format!("{}-simulated", scenario.id));
            Ok::<_, Trouble>(traces(&folder))
        };
        let mut differing = Vec::new();
        for scenario in &scenarios {
            let first = traced("repeats/first", scenario).await?;
            let second = traced("repeats/second", scenario).await?;
            if first.is_empty() || first != second {
                differing.push(scenario.id);
            }
        }
        Ok((scenarios.len(), differing))
    }

    fn runner(
        &self,
        name: &str,
        world: World,
        binary: PathBuf,
        seed: u64,
        gaps: BTreeMap<u8, String>,
    ) -> Result<Arc<Runner>> {
        Ok(Arc::new(Runner {
            guard: self.guard.clone(),
            binary,
            sources: None,
            data: self.data.clone(),
            part: self.part,
            folder: self.run.folder(&format!("{world}/{name}"))?,
            scratch: self.run.folder(&format!("scratch/{world}/{name}"))?,
            seed,
            jobs: 2,
            gaps,
            stores: self.stores.clone(),
            sandbox: None,
            story: None,
            progress: Arc::new(Silent),
        }))
    }

    /// Ends all that runs for it.
    ///
    /// # Errors
    /// When there was trouble with the store.
    pub async fn end(self) -> Result<()> {
        self.guard.shutdown().await;
        self.stores.close().await;
        self.stores.trouble().map_or(Ok(()), Err)
    }
}

/// The traces in a folder, as they were written.
fn traces(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter_map(|file| Some((file.file_name(), std::fs::read(file.path()).ok()?)))
        .collect()
}

/// In so many schedules an exploration must find a mistake whose shortest story is known.
const SCHEDULES: u64 = 500;

/// What is wrong with the story that an exploration tells of a near-miss, whose shortest story is known: it
/// must have at most half as many steps more, and be found and shrunk in time.
async fn ill_shrunk(runner: &Runner, kind: &Kind, shortest: usize) -> Option<String> {
    let Kind::NearMiss { problems, .. } = kind else {
        return Some("only the story of a near-miss has a length".into());
    };
    let of_problem = |of: &&Exploration| problems.contains(&of.scenario.problem);
    let explorations: Vec<&'static Exploration> =
        runner.part.explorations.iter().filter(of_problem).collect();
    let asked = Asked {
        schedules: Some(SCHEDULES),
        ..Asked::default()
    };
    let mut told = None;
    let found = |outcome: Outcome| {
        if let Verdict::Failed(failure) = outcome.verdict {
            told = told.take().or(failure.counterexample);
        }
    };
    runner
        .explore_each(&explorations, &asked, &Interrupt::never(), found)
        .await;
    let Some(told) = told else {
        return Some(format!("no exploration finds it in {SCHEDULES} schedules"));
    };
    let (steps, story) = (told.steps.len(), told.steps.join(" "));
    if !told.minimal {
        return Some(format!("its story was not shrunk in time: {story}"));
    }
    let fits = (shortest..=shortest + shortest / 2).contains(&steps);
    (!fits).then(|| format!("its shortest story has {shortest} steps, and not {steps}: {story}"))
}

/// Runs everything, but for a near-miss only the problems that must reject it, each until it does.
async fn try_on(
    runner: &Arc<Runner>,
    kind: &Kind,
    part: &Part,
    world: World,
    seeds: u64,
) -> Vec<Outcome> {
    let Kind::NearMiss {
        problems, claim, ..
    } = kind
    else {
        let all: Vec<_> = part.scenarios.iter().collect();
        return run(runner, &all, world, 1).await;
    };
    if let Some(exploration) = exploration(part, kind) {
        return explored(runner, exploration, None)
            .await
            .into_iter()
            .collect();
    }
    let mut outcomes = Vec::new();
    let mut own: Vec<_> = part
        .scenarios
        .iter()
        .filter(|scenario| problems.contains(&scenario.problem))
        .collect();
    // The one that has the claim for its title is the likeliest to say it.
    own.sort_by_key(|scenario| !scenario.title.contains(claim));
    for scenario in own {
        if rejection(kind, scenario.problem, &outcomes).is_none() {
            outcomes.extend(run(runner, &[scenario], world, seeds).await);
        }
    }
    outcomes
}

/// The exploration that must find a near-miss: its title is the claim.
fn exploration(part: &Part, kind: &Kind) -> Option<&'static Exploration> {
    let Kind::NearMiss { claim, .. } = kind else {
        return None;
    };
    part.explorations
        .iter()
        .find(|exploration| exploration.scenario.title == claim)
}

/// What one exploration finds in so many schedules, or in as many as a learner's code is explored in. The
/// story is not shrunk.
pub(super) async fn explored(
    runner: &Runner,
    exploration: &'static Exploration,
    schedules: Option<u64>,
) -> Option<Outcome> {
    let asked = Asked {
        schedules,
        as_found: true,
        ..Asked::default()
    };
    let mut found = None;
    let settled = |outcome| found = Some(outcome);
    runner
        .explore_each(&[exploration], &asked, &Interrupt::never(), settled)
        .await;
    found
}

/// Runs scenarios once, or simulates them under so many seeds.
async fn run(
    runner: &Arc<Runner>,
    scenarios: &[&'static Scenario],
    world: World,
    seeds: u64,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    match world {
        World::Processes => outcomes = Arc::clone(runner).run(scenarios).await,
        World::Simulated => {
            let settled = |_, outcome| outcomes.push(outcome);
            let interrupt = Interrupt::never();
            runner
                .simulate_each(scenarios, seeds, &interrupt, settled)
                .await;
        }
    }
    outcomes
}

/// What the grader said wrongly, a fragment each.
fn judge(kind: &Kind, part: &Part, outcomes: &[Outcome]) -> Vec<String> {
    if outcomes.is_empty() {
        return vec!["nothing was graded".into()];
    }
    match kind {
        Kind::NearMiss {
            problems, claim, ..
        } => {
            let mut lenient = problems.clone();
            lenient.retain(|problem| rejection(kind, *problem, outcomes).is_none());
            let wrong = lenient.iter().map(|problem| {
                let said: Vec<String> = outcomes
                    .iter()
                    .filter(|outcome| outcome.problem == *problem && !passed(outcome))
                    .map(in_words)
                    .collect();
                let said = if said.is_empty() {
                    "it passed".to_owned()
                } else {
                    said.join("; ")
                };
                format!("problem {problem} should have failed it with {claim:?}, but {said}")
            });
            wrong.collect()
        }
        Kind::Right => outcomes
            .iter()
            .filter(|outcome| !passed(outcome))
            .map(in_full)
            .collect(),
        Kind::Stub { filled } => {
            let problems = part.problems.iter().filter_map(|problem| {
                let own = outcomes
                    .iter()
                    .filter(|outcome| outcome.problem == problem.number)
                    .cloned()
                    .collect();
                let said = ProblemResult::new(problem.number, problem.title, problem.optional, own)
                    .standing;
                let is_written = problem.gaps.iter().all(|gap| gap <= filled);
                let wanted = if is_written {
                    Standing::Passed
                } else {
                    Standing::NotWritten
                };
                (said != wanted).then(|| {
                    format!(
                        "problem {}: {}, should be {}",
                        problem.number,
                        said.word(),
                        wanted.word()
                    )
                })
            });
            problems.collect()
        }
    }
}

/// The outcome by which a problem rejects a near-miss with the claim that it must.
fn rejection<'o>(
    kind: &Kind,
    problem: u8,
    outcomes: &'o [Outcome],
) -> Option<(&'o Outcome, &'o Failure)> {
    let Kind::NearMiss { claim, .. } = kind else {
        return None;
    };
    let mut own = outcomes.iter().filter(|outcome| outcome.problem == problem);
    own.find_map(|outcome| match &outcome.verdict {
        Verdict::Failed(failure)
            if outcome.title.contains(claim) || failure.expected.contains(claim) =>
        {
            Some((outcome, &**failure))
        }
        _ => None,
    })
}

/// What the diagnosis said of it.
fn naming(kind: &Kind, outcomes: &[Outcome]) -> Option<Naming> {
    let Kind::NearMiss {
        problems, mistakes, ..
    } = kind
    else {
        return None;
    };
    let (_, failure) = rejection(kind, *problems.first()?, outcomes)?;
    Some(named(mistakes, failure.diagnosis.as_ref()))
}

/// Whether a diagnosis names one of the mistakes that it may.
pub(super) fn named(mistakes: &[String], diagnosis: Option<&Diagnosis>) -> Naming {
    match diagnosis {
        None => Naming::Silent,
        Some(diagnosis) if mistakes.contains(&diagnosis.mistake) => {
            Naming::Named(diagnosis.mistake.clone())
        }
        Some(diagnosis) => Naming::Mistaken(diagnosis.mistake.clone()),
    }
}

/// Keeps the failure of a near-miss and its traces, to try the diagnosis on them.
fn keep_case(case: &Path, outcome: &Outcome) {
    let Some(folder) = &outcome.folder else {
        return;
    };
    // For people who work on the diagnosis; whatever is missing they will see.
    let _ = std::fs::create_dir_all(case);
    if let Ok(text) = serde_json::to_vec_pretty(outcome) {
        let _ = std::fs::write(case.join(OUTCOME), text);
    }
    for (number, trace) in (1..).zip(Trace::read_all(folder)) {
        trace.save(case, number);
    }
}

fn passed(outcome: &Outcome) -> bool {
    outcome.verdict.standing() == Standing::Passed
}

pub(super) fn in_words(outcome: &Outcome) -> String {
    let details = match &outcome.verdict {
        Verdict::Failed(failure) => format!(": {}; wanted: {}", failure.seen, failure.expected),
        Verdict::Inconclusive { why } | Verdict::CheckerFault { why } => format!(": {why}"),
        Verdict::NotWritten { gap } => format!(": {gap}"),
        Verdict::Passed { .. } => String::new(),
    };
    format!(
        "{} {}{details}",
        outcome.scenario,
        outcome.verdict.standing().word()
    )
}

/// The same, and what may explain why a right program was rejected: that may not happen a second time.
fn in_full(outcome: &Outcome) -> String {
    let mut lines = vec![in_words(outcome)];
    if let Verdict::Failed(failure) = &outcome.verdict {
        lines.push(format!("step: {}", failure.step));
        let stderr = failure.stderr.iter().flat_map(|stderr| &stderr.lines);
        lines.extend(
            failure
                .evidence
                .iter()
                .chain(&failure.sketch)
                .chain(stderr)
                .cloned(),
        );
    }
    lines.join("\n           ")
}

/// Whether a person should look at it.
pub(super) fn is_bad(naming: &Naming) -> bool {
    !matches!(naming, Naming::Named(_))
}

/// What the diagnosis said, behind the rest of a row.
pub(super) fn in_brief(naming: &Naming) -> String {
    match naming {
        Naming::Named(mistake) => format!(", named {mistake}"),
        Naming::Silent => ", not named".to_owned(),
        Naming::Mistaken(mistake) => format!(", {} {mistake}", "WRONGLY named".red().bold()),
    }
}

/// A row as people read it.
pub fn line(row: &Row) -> String {
    let must = match &row.kind {
        Kind::NearMiss { problems, .. } => match &problems[..] {
            [problem] => format!("problem {problem} rejects it"),
            problems => {
                let problems: Vec<String> = problems.iter().map(u8::to_string).collect();
                format!("problems {} reject it", problems.join(", "))
            }
        },
        Kind::Right => "passes".to_owned(),
        Kind::Stub { filled: 0 } => "nothing is written".to_owned(),
        Kind::Stub { filled } => format!("1 to {filled} are written"),
    };
    let word = if row.wrong.is_empty() {
        "ok   ".green()
    } else {
        "WRONG".red().bold()
    };
    let repeats = if row.repeats > 0 {
        format!(", {} repeated", row.repeats)
    } else {
        String::new()
    };
    let naming = row.naming.as_ref().map(in_brief).unwrap_or_default();
    let mut text = format!(
        "  {word}  {:<34} {:<22} {:>5.1} s{repeats}{naming}",
        row.name,
        must,
        row.took.as_secs_f32()
    );
    for wrong in &row.wrong {
        text.push_str(&format!("\n           {wrong}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use parts::PARTS;

    fn outcome(problem: u8, verdict: Verdict) -> Outcome {
        Outcome {
            scenario: "a-scenario".into(),
            title: "a ping counts once".into(),
            problem,
            verdict,
            observations: Vec::new(),
            duration: Duration::ZERO,
            repeats: Vec::new(),
            seed: 1,
            explored: None,
            world: World::Processes,
            schedules: 0,
            unsimulated: None,
            folder: None,
        }
    }

    fn failed(expected: &str) -> Verdict {
        Verdict::Failed(Box::new(Failure::new("step", "seen", expected)))
    }

    fn passed() -> Verdict {
        Verdict::Passed {
            property: "all is well".into(),
        }
    }

    #[test]
    fn near_miss_must_fail_with_its_claim() {
        let miss = |claim: &str| Kind::NearMiss {
            problems: vec![1],
            claim: claim.into(),
            mistakes: Vec::new(),
        };
        let part = &PARTS[0];
        assert!(
            judge(
                &miss("in time"),
                part,
                &[outcome(1, failed("it answers in time"))]
            )
            .is_empty()
        );
        assert!(
            judge(&miss("counts once"), part, &[outcome(1, failed("x"))]).is_empty(),
            "the title says so"
        );
        assert!(!judge(&miss("in time"), part, &[outcome(1, failed("another"))]).is_empty());
        assert!(!judge(&miss("counts once"), part, &[outcome(1, passed())]).is_empty());
        let unsure = Verdict::Inconclusive {
            why: "counts once".into(),
        };
        assert!(!judge(&miss("counts once"), part, &[outcome(1, unsure)]).is_empty());
        assert!(!judge(&miss("counts once"), part, &[]).is_empty());
    }

    #[test]
    fn right_program_must_pass_everything() {
        let part = &PARTS[0];
        assert!(judge(&Kind::Right, part, &[outcome(1, passed())]).is_empty());
        assert_eq!(
            judge(
                &Kind::Right,
                part,
                &[outcome(1, passed()), outcome(2, failed("x"))]
            )
            .len(),
            1
        );
    }

    #[test]
    fn stub_must_pass_what_is_filled_and_no_more() {
        let part = &PARTS[0];
        let gap = || Verdict::NotWritten {
            gap: "TODO(2)".into(),
        };
        let said = |verdicts: [Verdict; 6]| {
            (1..)
                .zip(verdicts)
                .map(|(problem, verdict)| outcome(problem, verdict))
                .collect::<Vec<_>>()
        };
        let right = said([passed(), gap(), gap(), gap(), gap(), gap()]);
        assert!(judge(&Kind::Stub { filled: 1 }, part, &right).is_empty());
        assert_eq!(judge(&Kind::Stub { filled: 0 }, part, &right).len(), 1);
        assert_eq!(judge(&Kind::Stub { filled: 2 }, part, &right).len(), 1);
    }
}
