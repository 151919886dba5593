//! For those who work on the course: `checker dev check`.

pub mod cases;
mod edits;
pub mod fresh;
pub mod matrix;
pub mod overlay;
pub mod sources;
pub mod stub_rules;
pub mod variants;

use std::path::Path;

use colored::Colorize;
use matrix::Naming;

use crate::course::Course;
use crate::manifest::PARTS;
use crate::report::terminal::print;
use crate::store::StoreChoice;
use crate::stubs;
use crate::trouble::{Result, Trouble};
use crate::verdict::Standing;

/// Checks the checker itself: near-misses must fail, right programs must pass, stub and solution
/// must differ in their gaps only, and after `cargo build`, nothing but these is compiled for them.
/// Prints what it finds as a table. Without `parts`, all parts are checked; with `only`, those variants
/// whose names contain it. With `cases`, the failures of near-misses and their traces are left in that
/// folder.
///
/// # Errors
/// When the check cannot be run.
pub async fn check(
    course: &Course,
    parts: &[u8],
    only: Option<&str>,
    store: &StoreChoice,
    cases: Option<&Path>,
    seed: u64,
) -> Result<Standing> {
    let mut wrong = 0;
    let mut tally = Tally::default();
    fresh::build_as_a_learner(course).await?;
    for part in PARTS
        .iter()
        .filter(|part| parts.is_empty() || parts.contains(&part.number))
    {
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
        let compiled = fresh::breaches(course, part).await?;
        if compiled.is_empty() {
            print(format_args!(
                "  {}  nothing else is compiled for them\n",
                "ok   ".green()
            ))?;
        }
        breaches.extend(compiled);
        for breach in &breaches {
            print(format_args!("  {}  {breach}\n", "WRONG".red().bold()))?;
        }
        print(format_args!(
            "{}\n",
            format!(
                "Part {}, {}: variants, seed {seed}",
                part.number, part.title
            )
            .bold()
        ))?;
        let told = |row: &matrix::Row| drop(print(format_args!("{}\n", matrix::line(row))));
        let rows = matrix::grade_all(course, part, seed, only, store, cases, told).await?;
        let misjudged = rows.iter().filter(|row| !row.wrong.is_empty()).count();
        let repeats: usize = rows.iter().map(|row| row.repeats).sum();
        print(format_args!(
            "  {} variants, {misjudged} judged wrongly, {repeats} scenarios repeated\n",
            rows.len()
        ))?;
        if rows.is_empty() {
            return Err(Trouble::new("could not find a variant of such a name"));
        }
        wrong += misjudged + breaches.len();
        for naming in rows.iter().filter_map(|row| row.naming.as_ref()) {
            tally.count(naming);
        }
    }
    print(format_args!("{}\n", tally.in_words()))?;
    Ok(if wrong == 0 && tally.will_do() {
        Standing::Passed
    } else {
        Standing::Failed
    })
}

/// How the diagnosis fares with near-misses that were rejected.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    named: usize,
    silent: usize,
    mistaken: usize,
}

impl Tally {
    /// The share of near-misses that the diagnosis must name.
    const ENOUGH: f64 = 0.8;

    pub(crate) fn count(&mut self, naming: &Naming) {
        *match naming {
            Naming::Named(_) => &mut self.named,
            Naming::Silent => &mut self.silent,
            Naming::Mistaken(_) => &mut self.mistaken,
        } += 1;
    }

    fn all(&self) -> usize {
        self.named + self.silent + self.mistaken
    }

    pub(crate) fn in_words(&self) -> String {
        let share = 100.0 * self.named as f64 / self.all().max(1) as f64;
        format!(
            "The diagnosis named {} of {} mistakes ({share:.0} %), and {} wrongly.",
            self.named,
            self.all(),
            self.mistaken
        )
    }

    /// Whether enough mistakes are named, and none wrongly. Of a few, the share means nothing.
    pub(crate) fn will_do(&self) -> bool {
        let few = self.all() < 10;
        self.mistaken == 0 && (few || self.named as f64 >= Self::ENOUGH * self.all() as f64)
    }
}
