//! For those who work on the course: `checker dev check` and `checker dev mutate`.

pub mod cases;
mod edits;
pub mod fresh;
pub mod matrix;
mod mutants;
pub mod mutate;
pub mod new_part;
pub mod overlay;
pub mod stub_rules;
pub mod variants;

use colored::Colorize;
pub use matrix::Order;
use matrix::{Matrix, Naming};
use tokio::time::Instant;
use variants::QUARTERS;

use crate::course::Course;
use crate::stubs;
use testkit::part::Part;
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::Standing;
use testkit::verdict::World;

/// Checks the checker itself: near-misses must fail, right programs must pass, stub and solution
/// must differ in their gaps only, and after `cargo build`, nothing but these is compiled for them.
/// Prints what it finds as a table. All variants are simulated, then some run on processes.
///
/// # Errors
/// When the check cannot be run.
pub async fn check(course: &Course, parts: &[&'static Part], order: &Order) -> Result<Standing> {
    let mut wrong = 0;
    let mut tally = Tally::default();
    let mut faults = Vec::new();
    let only = order.only.as_deref();
    fresh::build_as_a_learner(course).await?;
    for part in parts.iter().copied() {
        print(format_args!(
            "{}\n",
            format!("Part {}, {}: stub and solution", part.number, part.title).bold()
        ))?;
        let mut breaches = stub_rules::breaches(course, part)?;
        breaches.extend(stubs::breaches(course, part)?);
        if breaches.is_empty() {
            print(format_args!(
                "  {}  they differ in their gaps only\n",
                "ok   ".green()
            ))?;
        }
        let compiled = fresh::breaches(course, part, only).await?;
        if compiled.is_empty() {
            print(format_args!(
                "  {}  nothing else is compiled for them\n",
                "ok   ".green()
            ))?;
        }
        breaches.extend(compiled);
        tell_breaches(&breaches)?;
        let matrix = Matrix::build(course, part, order.store.clone(), only).await?;
        let mut rows = Vec::new();
        for world in order.worlds() {
            let title = format!(
                "Part {}, {}: {}",
                part.number,
                part.title,
                which(world, order)
            );
            print(format_args!("{}\n", title.bold()))?;
            let begun = Instant::now();
            if world == World::Simulated && order.only.is_none() {
                let (schedules, differing) = matrix.differing(order).await?;
                let breach = |scenario| format!("{scenario}: the same seed gives another trace.");
                let differing: Vec<String> = differing.into_iter().map(breach).collect();
                match differing.is_empty() {
                    true => print(format_args!(
                        "  {}  {schedules} schedules of the solution are the same in another process\n",
                        "ok   ".green()
                    ))?,
                    false => tell_breaches(&differing)?,
                }
                breaches.extend(differing);
            }
            let told = |row: &matrix::Row| drop(print(format_args!("{}\n", matrix::line(row))));
            let graded = matrix.grade(world, order, told).await?;
            let misjudged = graded.iter().filter(|row| !row.wrong.is_empty()).count();
            let repeats: usize = graded.iter().map(|row| row.repeats).sum();
            print(format_args!(
                "  {} variants, {misjudged} judged wrongly, {repeats} scenarios repeated, {} s\n",
                graded.len(),
                begun.elapsed().as_secs()
            ))?;
            wrong += misjudged;
            rows.extend(graded);
        }
        matrix.end().await?;
        if rows.is_empty() && order.only.is_some() {
            return Err(Trouble::new("could not find a variant with such a name"));
        }
        wrong += breaches.len();
        for naming in rows.iter().filter_map(|row| row.naming.as_ref()) {
            tally.count(naming);
        }
        let bad = |row: &matrix::Row| {
            !row.wrong.is_empty() || matches!(row.naming, Some(Naming::Mistaken(_)))
        };
        faults.extend(breaches.iter().map(|breach| format!("  WRONG  {breach}")));
        faults.extend(rows.iter().filter(|row| bad(row)).map(matrix::line));
    }
    print(format_args!("{}\n", tally.in_words()))?;
    // Once more at the end: of a long log, often only that is kept.
    for fault in &faults {
        print(format_args!("{fault}\n"))?;
    }
    Ok(if wrong == 0 && tally.will_do() {
        Standing::Passed
    } else {
        Standing::Failed
    })
}

/// What is graded in a world.
fn which(world: World, order: &Order) -> String {
    match world {
        World::Simulated => format!("simulated, seed {}", order.seed),
        World::Processes if order.all => format!("on processes, seed {}", order.seed),
        World::Processes => format!(
            "on processes, seed {}: right programs, quarter {} of {QUARTERS} of the others, and what only processes show",
            order.seed,
            order.quarter() + 1
        ),
    }
}

fn tell_breaches(breaches: &[String]) -> Result<()> {
    for breach in breaches {
        print(format_args!("  {}  {breach}\n", "WRONG".red().bold()))?;
    }
    Ok(())
}

/// How the diagnosis fares with near-misses that were rejected.
#[derive(Debug, Default)]
pub struct Tally {
    named: usize,
    silent: usize,
    mistaken: usize,
}

impl Tally {
    /// The share of near-misses that the diagnosis may name wrongly.
    const TOLERATED: f64 = 0.01;

    pub fn count(&mut self, naming: &Naming) {
        *match naming {
            Naming::Named(_) => &mut self.named,
            Naming::Silent => &mut self.silent,
            Naming::Mistaken(_) => &mut self.mistaken,
        } += 1;
    }

    fn all(&self) -> usize {
        self.named + self.silent + self.mistaken
    }

    pub fn in_words(&self) -> String {
        let share = 100.0 * self.named as f64 / self.all().max(1) as f64;
        format!(
            "The diagnosis named {} of {} mistakes ({share:.0} %), and {} wrongly.",
            self.named,
            self.all(),
            self.mistaken
        )
    }

    /// Whether hardly any mistakes are named wrongly: a slow machine may delay just the message that
    /// would have told two apart. Of a few, the share means nothing.
    pub fn will_do(&self) -> bool {
        if self.all() < 10 {
            return self.mistaken == 0;
        }
        self.mistaken as f64 / self.all() as f64 <= Self::TOLERATED
    }
}

/// Prints a line or more of the check.
fn print(text: impl std::fmt::Display) -> Result<()> {
    runtime::terminal::print(text).or_trouble(|| "write to stdout")
}
