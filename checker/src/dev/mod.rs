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
use crate::trouble::Result;
use crate::verdict::Standing;

/// Checks the checker itself: near-misses must fail, right programs must pass, and stub and
/// solution must differ in their gaps only. Prints what it finds as a table.
///
/// # Errors
/// When the check cannot be run.
pub async fn check(course: &Course) -> Result<Standing> {
    let mut wrong = 0;
    let seed = seed::fresh()?;
    for part in PARTS {
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
        let rows =
            matrix::grade_all(course, part, seed, |row| println!("{}", matrix::line(row))).await?;
        let misjudged = rows.iter().filter(|row| !row.wrong.is_empty()).count();
        let repeats: usize = rows.iter().map(|row| row.repeats).sum();
        println!(
            "  {} variants, {misjudged} judged wrongly, {repeats} scenarios repeated",
            rows.len()
        );
        wrong += misjudged + breaches.len();
    }
    Ok(if wrong == 0 {
        Standing::Passed
    } else {
        Standing::Failed
    })
}
