//! `checker list`.

use clap::Args;
use colored::Colorize;

use crate::manifest::PARTS;
use crate::trouble::Result;
use crate::verdict::Standing;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct ListArgs {}

/// Runs it.
pub(super) fn run(_: ListArgs) -> Result<Standing> {
    list();
    Ok(Standing::Passed)
}

fn list() {
    for part in PARTS {
        println!(
            "{:<8} {} (exercises/{}, TRAINING.md#{})",
            part.name.bold(),
            part.title,
            part.folder,
            part.anchor
        );
        for problem in part.problems {
            let optional = if problem.optional { " (optional)" } else { "" };
            println!("  {}. {}{optional}", problem.number, problem.title);
        }
    }
}
