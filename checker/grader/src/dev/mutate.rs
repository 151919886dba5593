//! `checker dev mutate`: how many mechanical mutants of a solution the grader rejects.
//!
//! Near-misses show that the grader finds the mistakes that we know. Mutants are mistakes that we did not
//! choose. A mutant that passes everything is a mistake that the grader does not see, unless no user could
//! tell it from the solution. `equivalent.toml` of the part lists those, each with the reason.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use colored::Colorize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::course::Course;
use crate::dev::matrix::{explored, in_words};
use crate::dev::mutants::{self, Equivalent, Mutant};
use crate::dev::overlay::{Overlay, Together};
use crate::dev::print;
use crate::progress::Silent;
use crate::runner::{Runner, start_guard};
use crate::sources::Sources;
use testkit::guard::Guard;
use testkit::interrupt::Interrupt;
use testkit::part::Part;
use testkit::run_dir::RunDir;
use testkit::scenario::Scenario;
use testkit::store::{StoreChoice, Stores};
use testkit::trouble::{Result, While};
use testkit::verdict::{Outcome, Standing, Verdict};

/// Which mutants are made, and how they are graded.
#[derive(Debug, Clone)]
pub struct MutateOrder {
    /// The problems that grade them; all, if none is named.
    pub problems: Vec<u8>,
    /// Only mutants whose description contains this: a file, a line, or the change.
    pub only: Option<String>,
    /// Only each of so many mutants: each third, if it is 3.
    pub sample: usize,
    /// The first seed. It also says with which mutant a sample begins.
    pub seed: u64,
    /// With how many seeds each scenario is simulated.
    pub seeds: u64,
    /// How many schedules of each exploration; as many as it is worth, if not given.
    pub schedules: Option<u64>,
}

/// What the grader said of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// A scenario rejects it.
    Scenario(&'static str),
    /// All scenarios pass it, and an exploration rejects it.
    Exploration(&'static str),
    /// Nothing rejects it, and of something nothing can be said.
    Undecided(String),
    /// It passes everything.
    Survived,
}

/// Grades the mutants of a part's solution in a simulation, and prints what became of them.
/// It passes when nothing survives that is not listed as equivalent.
///
/// # Errors
/// When the mutants cannot be listed, built or run.
pub async fn mutate(course: &Course, part: &'static Part, order: &MutateOrder) -> Result<Standing> {
    let begun = Instant::now();
    let all = mutants::list(course, part).await?;
    let file = course.part(part).join("equivalent.toml");
    let equivalent = Equivalent::read(&file)?;
    let unknown: Vec<String> = equivalent.unknown(&all).map(ToString::to_string).collect();
    let only = order.only.as_deref().unwrap_or_default();
    let first = order.seed as usize % order.sample;
    let mut wanted: Vec<Mutant> = all.into_iter().skip(first).step_by(order.sample).collect();
    wanted.retain(|mutant| mutant.to_string().contains(only));
    let listed = wanted.len();

    let run = RunDir::create()?;
    let guard = start_guard(&run)?;
    let solution = Sources::read(&course.solution(part))?;
    let programs = build(course, part, &guard, &solution, &mut wanted).await?;
    print(format_args!(
        "Part {}, {}: {} of {listed} mutants compile, after {} s\n",
        part.number,
        part.title,
        wanted.len(),
        begun.elapsed().as_secs()
    ))?;
    let stores = Stores::new(StoreChoice::Embedded, &guard, &run);
    let places = Arc::new(Semaphore::new(
        std::thread::available_parallelism().map_or(1, usize::from),
    ));
    let (is_equivalent, wanted): (Vec<Mutant>, Vec<Mutant>) = wanted
        .into_iter()
        .partition(|mutant| equivalent.has(mutant));
    let mut grading = JoinSet::new();
    for mutant in wanted {
        let runner = Arc::new(Runner {
            guard: guard.clone(),
            binary: programs[&mutant.name].clone(),
            sources: None,
            data: course.data(part),
            part,
            folder: run.folder(&format!("runs/{}", mutant.name))?,
            scratch: run.folder(&format!("scratch/{}", mutant.name))?,
            seed: order.seed,
            jobs: 1,
            gaps: BTreeMap::new(),
            stores: stores.clone(),
            sandbox: None,
            story: None,
            progress: Arc::new(Silent),
        });
        let (places, order) = (Arc::clone(&places), order.clone());
        grading.spawn(async move {
            let _place = places.acquire_owned().await;
            let fate = grade(&runner, &order).await;
            (mutant, fate)
        });
    }
    let mut graded = Vec::new();
    while let Some(row) = grading.join_next().await {
        let (mutant, fate) = row.or_trouble(|| "grade a mutant")?;
        print(format_args!(
            "  {}  {mutant}{}\n",
            fate.word(),
            fate.details()
        ))?;
        graded.push((mutant, fate));
    }
    guard.shutdown().await;
    stores.close().await;
    graded.sort_by(|(a, _), (b, _)| (&a.file, a.line).cmp(&(&b.file, b.line)));
    tell(&graded, is_equivalent.len(), &unknown)?;
    print(format_args!("It took {} s.\n", begun.elapsed().as_secs()))?;
    let is_well = graded.iter().all(|(_, fate)| fate.is_killed()) && unknown.is_empty();
    Ok(if is_well {
        Standing::Passed
    } else {
        Standing::Failed
    })
}

/// Builds the mutants that compile, and drops the others.
async fn build(
    course: &Course,
    part: &Part,
    guard: &Guard,
    solution: &Sources,
    wanted: &mut Vec<Mutant>,
) -> Result<BTreeMap<String, PathBuf>> {
    loop {
        let sources = wanted
            .iter()
            .map(|mutant| (mutant.name.clone(), mutant.sources(solution)));
        let overlay = Overlay::lay_out(course, part, "dev-mutate", &sources.collect()).await?;
        match overlay.build(guard, |_| {}).await? {
            Together::Built(programs) => return Ok(programs),
            Together::Refused(names, _) => wanted.retain(|mutant| !names.contains(&mutant.name)),
        }
    }
}

/// Simulates scenarios until one rejects the mutant; then explorations. Scenarios of which a simulation can
/// say nothing run on processes, which decide alone, as they do for learners.
async fn grade(runner: &Arc<Runner>, order: &MutateOrder) -> Fate {
    let part = runner.part;
    let wants = |problem: u8| order.problems.is_empty() || order.problems.contains(&problem);
    let mut unsimulated = Vec::new();
    for scenario in part
        .scenarios
        .iter()
        .filter(|scenario| wants(scenario.problem))
    {
        let outcome = simulated(runner, scenario, order.seeds).await;
        match outcome.verdict {
            Verdict::Passed { .. } => {}
            Verdict::Failed(_) => return Fate::Scenario(scenario.id),
            _ => unsimulated.push(scenario),
        }
    }
    let mut undecided = None;
    for scenario in unsimulated {
        for outcome in Arc::clone(runner).run(&[scenario]).await {
            match outcome.verdict {
                Verdict::Passed { .. } => {}
                Verdict::Failed(_) => return Fate::Scenario(scenario.id),
                _ => {
                    undecided.get_or_insert(outcome);
                }
            }
        }
    }
    for exploration in part
        .explorations
        .iter()
        .filter(|of| wants(of.scenario.problem))
    {
        let Some(outcome) = explored(runner, exploration, order.schedules).await else {
            continue;
        };
        match outcome.verdict {
            Verdict::Passed { .. } => {}
            Verdict::Failed(_) => return Fate::Exploration(exploration.scenario.id),
            _ => {
                undecided.get_or_insert(outcome);
            }
        }
    }
    match undecided {
        Some(outcome) => Fate::Undecided(in_words(&outcome)),
        None => Fate::Survived,
    }
}

async fn simulated(runner: &Runner, scenario: &'static Scenario, seeds: u64) -> Outcome {
    let mut found = None;
    let settled = |_, outcome| found = Some(outcome);
    runner
        .simulate_each(&[scenario], seeds, &Interrupt::never(), settled)
        .await;
    found.unwrap_or_else(|| {
        let why = "The simulation said nothing.".to_owned();
        scenario.outcome(Verdict::Inconclusive { why }, runner.seed)
    })
}

impl Fate {
    fn is_killed(&self) -> bool {
        matches!(self, Fate::Scenario(_) | Fate::Exploration(_))
    }

    fn word(&self) -> colored::ColoredString {
        match self {
            Fate::Scenario(_) | Fate::Exploration(_) => "killed   ".green(),
            Fate::Undecided(_) => "undecided".yellow(),
            Fate::Survived => "SURVIVED ".red().bold(),
        }
    }

    fn details(&self) -> String {
        match self {
            Fate::Scenario(id) | Fate::Exploration(id) => format!(", by {id}"),
            Fate::Undecided(why) => format!(", {why}"),
            Fate::Survived => String::new(),
        }
    }
}

/// Prints what was not killed with its edit, and the figures.
fn tell(graded: &[(Mutant, Fate)], equivalent: usize, unknown: &[String]) -> Result<()> {
    for (mutant, fate) in graded.iter().filter(|(_, fate)| !fate.is_killed()) {
        print(format_args!(
            "\n{} {mutant}{}\n",
            fate.word(),
            fate.details()
        ))?;
        print(
            mutant
                .edit
                .lines()
                .map(|line| format!("    {line}\n"))
                .collect::<String>(),
        )?;
    }
    for entry in unknown {
        print(format_args!(
            "\n{} equivalent.toml lists what is no longer a mutant: {entry}\n",
            "WRONG".red().bold()
        ))?;
    }
    let count = |is: fn(&Fate) -> bool| graded.iter().filter(|(_, fate)| is(fate)).count();
    let killed = count(Fate::is_killed);
    print(format_args!(
        "\nKilled by scenarios {}, by explorations {}; survived {}; undecided {}; equivalent {equivalent}: {:.1} % killed.\n",
        count(|fate| matches!(fate, Fate::Scenario(_))),
        count(|fate| matches!(fate, Fate::Exploration(_))),
        count(|fate| matches!(fate, Fate::Survived)),
        count(|fate| matches!(fate, Fate::Undecided(_))),
        100.0 * killed as f64 / graded.len().max(1) as f64,
    ))
}
