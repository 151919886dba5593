//! `checker reset`.

use std::fmt::Write;

use clap::Args;
use colored::Colorize;

use super::question;
use crate::journal::{self, Journal};
use grader::backup::{Backup, replace};
use grader::course::Course;
use grader::stubs::{Change, Stub, Which};
use report::terminal::{command_name, print};
use report::words::wrap;
use runtime::terminal::note;
use testkit::part::Part;
use testkit::screen::width;
use testkit::trouble::Result;
use testkit::verdict::Standing;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct ResetArgs {
    /// The part
    #[arg(value_parser = question::part_names())]
    part: String,
    /// Only the gaps of this problem; everything else stays
    #[arg(long, value_name = "N", conflicts_with = "given")]
    problem: Option<u8>,
    /// Only the files that the course gives and that you should not edit
    #[arg(long)]
    given: bool,
    /// Does not ask for confirmation
    #[arg(long)]
    yes: bool,
}

/// Runs it.
pub(super) fn run(args: ResetArgs) -> Result<Standing> {
    let course = super::course()?;
    let part = question::part(&args.part)?;
    let reset = Reset::plan(&course, part, args.problem, args.given)?;
    if reset.is_empty() {
        print(reset.nothing_to_do())?;
        return Ok(Standing::Passed);
    }
    print(reset.announcement())?;
    let flag = "could not ask, because this is not a terminal: `--yes` says that you are sure";
    if !args.yes && !question::agreed("Put the stub back?", flag)? {
        print("Nothing was changed.\n")?;
        return Ok(Standing::Passed);
    }
    let done = reset.apply(&course)?;
    print(done.replacen(DONE, &DONE.green().to_string(), 1))?;
    Ok(Standing::Passed)
}

/// How the last word begins.
const DONE: &str = "Done.";

/// What is to be put back.
pub(super) struct Reset {
    part: &'static Part,
    problem: Option<u8>,
    given: bool,
    changes: Vec<Change>,
}

impl Reset {
    /// Finds out what differs from the stub. Nothing is changed yet.
    ///
    /// # Errors
    /// When the stub or a file of the learner cannot be read, or its markers are gone.
    pub(super) fn plan(
        course: &Course,
        part: &'static Part,
        problem: Option<u8>,
        given: bool,
    ) -> Result<Reset> {
        let stub = Stub::read(course, part)?;
        let changes = match problem {
            Some(number) => {
                question::problem(part, number)?;
                stub.of_problem(course, part, number)?
            }
            None if given => stub.of_part(course, part, Which::Given),
            None => stub.of_part(course, part, Which::All),
        };
        Ok(Reset {
            part,
            problem,
            given,
            changes,
        })
    }

    /// Whether there is nothing to put back.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Says that nothing differs.
    pub(super) fn nothing_to_do(&self) -> String {
        let what = match self.problem {
            Some(number) => format!("The gaps of problem {number} are"),
            None => "The files are".to_owned(),
        };
        format!("{what} as the course gave them. Nothing was changed.\n")
    }

    /// Says what will be put back, and what stays.
    pub(super) fn announcement(&self) -> String {
        let what = match (self.problem, self.given) {
            (Some(number), _) => format!("the gaps of problem {number} of"),
            (None, true) => "the given files of".to_owned(),
            (None, false) => "all of".to_owned(),
        };
        let mut text = format!(
            "This puts {what} {} back to what the course gave, in\n",
            self.part.name
        );
        for change in &self.changes {
            let given = if change.is_given { " (given)" } else { "" };
            let _ = writeln!(text, "  {}{given}", change.file.display());
        }
        let stays = match (self.problem, self.given) {
            (Some(_), _) => {
                "The gaps of the other problems stay, later ones as well; so does what you wrote outside of the gaps."
            }
            (None, true) => "What you wrote in your own files stays.",
            (None, false) => {
                "What you added to these files is removed, too; files that you added stay."
            }
        };
        let _ = writeln!(text, "{}", wrap(stays, width()).join("\n"));
        text
    }

    /// Takes a backup, puts the stub back, and says where the backup is.
    ///
    /// # Errors
    /// When something cannot be written. Without a backup nothing is changed.
    pub(super) fn apply(&self, course: &Course) -> Result<String> {
        let name = match self.problem {
            Some(number) => format!("reset-{}-problem{number}", self.part.name),
            None => format!("reset-{}", self.part.name),
        };
        let backup = Backup::begin(course, &name)?;
        for change in &self.changes {
            backup.keep(&change.file)?;
        }
        for change in &self.changes {
            replace(course, &change.file, change.text.as_bytes())?;
        }
        if !self.given {
            let changed = Journal::change(course, |journal| {
                let all = self.part.problems.iter().map(|problem| problem.number);
                for number in all.filter(|number| self.problem.is_none_or(|only| only == *number)) {
                    journal.put_aside(self.part, number);
                }
            });
            if let Some(forgotten) = journal::forgotten(changed) {
                note(forgotten);
            }
        }
        Ok(self.done(&backup))
    }

    fn done(&self, backup: &Backup) -> String {
        let problem = self
            .problem
            .map_or(String::new(), |number| format!(" --problem {number}"));
        format!(
            "{DONE} What was there is in\n  {}\nTo bring it back, run in the folder of the course\n  {}\nNext:\n  {} {}{problem}\n",
            backup.shown(),
            backup.way_back(),
            command_name(),
            self.part.name
        )
    }
}
