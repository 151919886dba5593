//! `checker update`.

use std::fmt::Write;

use clap::Args;
use colored::Colorize;

use crate::updating::Loss;
use crate::updating::{self, Done};
use grader::course::Course;
use report::terminal::{command_name, print};
use report::words::wrap;
use testkit::screen::width;
use testkit::trouble::Result;
use testkit::verdict::Standing;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct UpdateArgs {
    /// Where the new version is: a folder with another clone, or a branch, tag or commit of this
    /// one; if not given, what the branch's upstream has
    #[arg(long, value_name = "DIR_OR_REF")]
    from: Option<String>,
}

/// Runs it.
pub(super) fn run(args: UpdateArgs) -> Result<Standing> {
    let course = Course::here()?;
    let Some(plan) = updating::plan(&course, args.from.as_deref())? else {
        print("The course is up to date.\n")?;
        return Ok(Standing::Passed);
    };
    let done = plan.apply(&course)?;
    print(told(&done))?;
    // The new version may want a newer checker.
    super::course()?;
    Ok(Standing::Passed)
}

fn told(done: &Done) -> String {
    let mut text = format!(
        "{} The course has version {} now; CHANGELOG.md says what is new.\n",
        "Updated.".green(),
        done.version
    );
    let kept = done.exercises.iter().filter(|file| file.was_changed);
    let mut kept = kept.peekable();
    if kept.peek().is_some() {
        text.push_str("\nThe new versions of these files hold what you wrote:\n");
        for exercise in kept {
            let _ = writeln!(text, "  {}", exercise.file.display());
        }
    }
    let new: Vec<(String, &String)> = done
        .exercises
        .iter()
        .flat_map(|file| {
            file.new_gaps
                .iter()
                .map(|gap| (file.file.display().to_string(), gap))
        })
        .collect();
    if !new.is_empty() {
        text.push_str("\nThese gaps are new:\n");
        for (file, gap) in new {
            let _ = writeln!(text, "  gap {gap}, in {file}");
        }
    }
    text.push_str(&lost(done));
    if let Some(backup) = &done.backup {
        let _ = writeln!(
            text,
            "\nWhat was there before is in\n  {}\nTo bring it back, run in the folder of the course\n  {}",
            backup.shown(),
            backup.way_back()
        );
    }
    let _ = writeln!(text, "\nNext: `{} list`.", command_name());
    text
}

/// What could not be kept, and where it is.
fn lost(done: &Done) -> String {
    let mut text = String::new();
    for exercise in &done.exercises {
        for loss in &exercise.losses {
            let file = exercise.file.display();
            let sentence = match loss {
                Loss::Gap { name, .. } => format!(
                    "{file}: gap {name} is no longer there. What you had in it is in the backup, under gaps/."
                ),
                Loss::Outside => format!(
                    "{file}: outside of the gaps, you and the course have changed the same lines. The course's version is there now; yours is in the backup."
                ),
                Loss::File(why) => format!("{file}: {why}. Yours is in the backup."),
            };
            for (number, line) in wrap(&sentence, width() - 2).iter().enumerate() {
                let begin = if number == 0 { "- " } else { "  " };
                let _ = writeln!(text, "{begin}{line}");
            }
        }
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "\n{}\n{text}",
        "This could not be kept where it was:".yellow()
    )
}
