//! For those who work on the course: `checker dev check`.

pub mod matrix;
pub mod overlay;
pub mod sources;
pub mod stub_rules;
pub mod variants;

use colored::Colorize;

use crate::course::Course;
use crate::manifest::PARTS;
use crate::seed;
use crate::store::StoreChoice;
use crate::trouble::{Result, Trouble};
use crate::verdict::Standing;

/// Checks the checker itself: near-misses must fail, right programs must pass, and stub and
/// solution must differ in their gaps only. Prints what it finds as a table. Without `parts`, all
/// parts are checked; with `only`, those variants whose names contain it.
///
/// # Errors
/// When the check cannot be run.
pub async fn check(
    course: &Course,
    parts: &[u8],
    only: Option<&str>,
    store: &StoreChoice,
) -> Result<Standing> {
    let mut wrong = 0;
    let seed = seed::fresh()?;
    for part in PARTS
        .iter()
        .filter(|part| parts.is_empty() || parts.contains(&part.number))
    {
        println!(
            "{}",
            format!("Part {}, {}: stub and solution", part.number, part.title).bold()
        );
        let breaches = stub_rules::breaches(course, part)?;
        for breach in &breaches {
            println!("  {}  {breach}", "WRONG".red().bold());
        }
        if breaches.is_empty() {
            println!("  {}  they differ in their gaps only", "ok   ".green());
        }
        println!(
            "{}",
            format!(
                "Part {}, {}: variants, seed {seed}",
                part.number, part.title
            )
            .bold()
        );
        let told = |row: &matrix::Row| println!("{}", matrix::line(row));
        let rows = matrix::grade_all(course, part, seed, only, store, told).await?;
        let misjudged = rows.iter().filter(|row| !row.wrong.is_empty()).count();
        let repeats: usize = rows.iter().map(|row| row.repeats).sum();
        println!(
            "  {} variants, {misjudged} judged wrongly, {repeats} scenarios repeated",
            rows.len()
        );
        if rows.is_empty() {
            return Err(Trouble::new("could not find a variant of such a name"));
        }
        wrong += misjudged + breaches.len();
    }
    Ok(if wrong == 0 {
        Standing::Passed
    } else {
        Standing::Failed
    })
}
