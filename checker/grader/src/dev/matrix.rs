//! The grader, graded: each variant of a part, and whether the grader says of it what it must.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use colored::Colorize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::course::Course;
use crate::dev::overlay::{Overlay, Program};
use crate::dev::variants::Kind;
use crate::progress::Silent;
use crate::runner::{Runner, start_guard, unwritten};
use crate::sources::Sources;
use crate::stubs::Stub;
use testkit::interrupt::Interrupt;
use testkit::part::Part;
use testkit::run_dir::RunDir;
use testkit::store::{StoreChoice, Stores};
use testkit::trace::Trace;
use testkit::trouble::{Result, While};
use testkit::verdict::{Diagnosis, Failure, Outcome, ProblemResult, Standing, Verdict, World};

/// How many variants are graded at once. Most of the time they wait.
const AT_ONCE: usize = 4;

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
    /// The seed of the run.
    pub seed: u64,
    /// Where variants run.
    pub world: World,
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

/// Grades all variants of a part, and calls `told` with each row as it comes.
///
/// # Errors
/// When they cannot be built or run.
pub async fn grade_all(
    course: &Course,
    part: &'static Part,
    order: &Order,
    mut told: impl FnMut(&Row),
) -> Result<Vec<Row>> {
    let &Order { seed, world, .. } = order;
    let overlay = Overlay::lay_out(course, part).await?;
    let run = RunDir::create()?;
    let guard = start_guard(&run)?;
    let programs = overlay.build(&guard, |_| {}).await?;
    let stub = Stub::read(course, part)?.sources();
    let solution = Sources::read(&course.solution(part))?;
    let stores = Stores::new(order.store.clone(), &guard, &run);

    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    let only = order.only.as_deref().unwrap_or_default();
    let wanted = |program: &Program| program.variant.name.contains(only);
    for Program { variant, path } in programs.into_iter().filter(wanted) {
        let gaps = match variant.kind {
            Kind::Stub { filled } => unwritten(part, &stub.filled(&solution, filled)?),
            Kind::NearMiss { .. } | Kind::Right => BTreeMap::new(),
        };
        let runner = Arc::new(Runner {
            guard: guard.clone(),
            binary: path,
            sources: None,
            data: course.data(part),
            part,
            folder: run.folder(&variant.name)?,
            scratch: run.folder(&format!("scratch/{}", variant.name))?,
            seed,
            jobs: 2,
            gaps,
            stores: stores.clone(),
            sandbox: None,
            story: None,
            progress: Arc::new(Silent),
        });
        let places = Arc::clone(&places);
        let cases = order.cases.as_deref();
        let case = cases.map(|cases| cases.join(part.name).join(&variant.name));
        running.spawn(async move {
            let _place = places.acquire_owned().await;
            let begun = Instant::now();
            let graded = async || match world {
                World::Processes => try_on(Arc::clone(&runner), &variant.kind, part).await,
                World::Simulated => simulated(&runner, &variant.kind, part).await,
            };
            let mut outcomes = graded().await;
            // Some mistakes show by chance only, in a race that a busy machine may not run. The row says
            // that it took two tries; a right program has only one.
            let is_near_miss = matches!(variant.kind, Kind::NearMiss { .. });
            let tries = match is_near_miss && !judge(&variant.kind, part, &outcomes).is_empty() {
                true => {
                    outcomes = graded().await;
                    2
                }
                false => 1,
            };
            let naming = naming(&variant.kind, &outcomes);
            if let Kind::NearMiss { problems, .. } = &variant.kind
                && let (Some(case), [problem, ..]) = (case, &problems[..])
                && let Some((outcome, _)) = rejection(&variant.kind, *problem, &outcomes)
            {
                keep_case(&case, outcome);
            }
            Row {
                naming,
                wrong: judge(&variant.kind, part, &outcomes),
                name: variant.name,
                kind: variant.kind,
                repeats: outcomes
                    .iter()
                    .map(|outcome| outcome.repeats.len())
                    .sum::<usize>()
                    + tries
                    - 1,
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
    guard.shutdown().await;
    stores.close().await;
    if let Some(trouble) = stores.trouble() {
        return Err(trouble);
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

/// Runs everything, but for a near-miss only the problems that must reject it, each until it does.
async fn try_on(runner: Arc<Runner>, kind: &Kind, part: &Part) -> Vec<Outcome> {
    let Kind::NearMiss {
        problems, claim, ..
    } = kind
    else {
        return runner.run(&part.scenarios.iter().collect::<Vec<_>>()).await;
    };
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
            outcomes.extend(Arc::clone(&runner).run(&[scenario]).await);
        }
    }
    outcomes
}

/// The same in a simulation.
async fn simulated(runner: &Runner, kind: &Kind, part: &Part) -> Vec<Outcome> {
    let wanted = part.scenarios.iter().filter(|scenario| match kind {
        Kind::NearMiss { problems, .. } => problems.contains(&scenario.problem),
        Kind::Right | Kind::Stub { .. } => true,
    });
    let wanted: Vec<_> = wanted.collect();
    let mut outcomes = Vec::new();
    let settled = |_, outcome| outcomes.push(outcome);
    let interrupt = Interrupt::never();
    runner.simulate_each(&wanted, 1, &interrupt, settled).await;
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
            .map(in_words)
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

fn in_words(outcome: &Outcome) -> String {
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

/// Whether somebody should look at it.
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
    use crate::manifest::PARTS;

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
