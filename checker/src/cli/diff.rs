//! `checker diff`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::IsTerminal;

use clap::Args;
use colored::Colorize;

use super::question;
use crate::difference::{self, WIDE};
use crate::journal::Journal;
use grader::course::Course;
use grader::gaps::{Gap, Piece, gaps, pieces};
use grader::sources::Sources;
use grader::tokens::{tokens, without_imports};
use report::terminal::{command_name, print};
use report::words::wrap;
use testkit::part::Part;
use testkit::screen::columns;
use testkit::trouble::{Result, Trouble};
use testkit::verdict::Standing;

/// The widest that a comparison gets.
const WIDEST: usize = 160;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The part
    #[arg(value_parser = question::part_names())]
    part: String,
    /// Only the gaps of this problem
    #[arg(long, value_name = "N")]
    problem: Option<u8>,
    /// Also shows the solution of problems that have not passed
    #[arg(long)]
    peek: bool,
}

/// Runs it.
pub(super) fn run(args: DiffArgs) -> Result<Standing> {
    let course = super::course()?;
    let part = question::part(&args.part)?;
    if let Some(number) = args.problem {
        question::problem(part, number)?;
    }
    let wanted: Vec<u8> = part
        .problems
        .iter()
        .map(|problem| problem.number)
        .filter(|number| args.problem.is_none_or(|only| only == *number))
        .collect();
    let width = columns().clamp(60, WIDEST);
    let open = open_problems(&course, part, &wanted);
    let peek = args.peek || open.is_empty() || may_peek(part, &wanted, &open)?;
    let shut = if peek { BTreeSet::new() } else { open };
    print(&render(&course, part, &wanted, &shut, width)?)?;
    Ok(Standing::Passed)
}

/// Which of the problems have not passed.
fn open_problems(course: &Course, part: &Part, wanted: &[u8]) -> BTreeSet<u8> {
    let journal = Journal::read(course);
    let open = wanted
        .iter()
        .filter(|number| !journal.has_passed(part, **number));
    open.copied().collect()
}

/// Asks whether to show the solution of what has not passed. Without a terminal it is not shown,
/// and if there is nothing else to show, that is an error.
fn may_peek(part: &Part, wanted: &[u8], open: &BTreeSet<u8>) -> Result<bool> {
    let all_open = wanted.iter().all(|number| open.contains(number));
    let numbers: Vec<String> = open.iter().map(u8::to_string).collect();
    let (which, has) = match numbers.split_last() {
        None => return Ok(true),
        Some((only, [])) => (format!("Problem {only}"), "has"),
        Some((last, others)) => (format!("Problems {} and {last}", others.join(", ")), "have"),
    };
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !is_terminal && !all_open {
        return Ok(false);
    }
    let command = command_name();
    let otherwise = format!(
        "could not show the solution: {} of {} {has} not passed yet. `{command} hint` says less; `--peek` shows the solution anyway",
        which.to_lowercase(),
        part.name
    );
    let question = format!("{which} {has} not passed yet. Show the solution anyway?");
    match question::agreed(&question, &otherwise)? {
        false if all_open => Err(Trouble::new(format!(
            "showed nothing: `{command} hint {}` says less than the solution does",
            part.name
        ))),
        answer => Ok(answer),
    }
}

/// All gaps of the wanted problems, the learner's beside the solution's. Of the problems that are
/// `shut`, nothing is shown.
pub(super) fn render(
    course: &Course,
    part: &Part,
    wanted: &[u8],
    shut: &BTreeSet<u8>,
    width: usize,
) -> Result<String> {
    let yours = Sources::read(&course.exercise(part))?;
    let theirs = Sources::read(&course.solution(part))?;
    let mut text = legend(width);
    for (file, theirs) in &theirs.files {
        let Ok(solved) = gaps(theirs) else { continue };
        let mut solved = solved
            .into_iter()
            .filter(|gap| wanted.contains(&gap.name.number))
            .peekable();
        if solved.peek().is_none() {
            continue;
        }
        let path = format!("exercises/{}/src/{file}", part.folder);
        let _ = writeln!(text, "\n{}", path.bold());
        let Some(yours) = yours.files.get(file) else {
            text.push_str("  This file does not exist.\n");
            continue;
        };
        match gaps(yours) {
            Err(why) => text.push_str(&without_markers(part, &why, width)),
            Ok(own) => {
                let mut own: BTreeMap<_, _> =
                    own.into_iter().map(|gap| (gap.name.clone(), gap)).collect();
                for gap in solved {
                    text.push_str(&one(own.remove(&gap.name).as_ref(), &gap, shut, width));
                }
                if given(yours) != given(theirs) {
                    text.push_str(
                        "\n  Outside of the gaps, your file differs from the course's.\n",
                    );
                }
            }
        }
    }
    text.push_str(&elsewhere(part));
    Ok(text)
}

/// The code outside of the gaps, without imports.
fn given(text: &str) -> Vec<String> {
    let pieces = pieces(text).unwrap_or_default().into_iter();
    let given = pieces.filter_map(|piece| match piece {
        Piece::Given(_, text) => Some(without_imports(&tokens(&text))),
        Piece::Gap(_) => None,
    });
    given.flatten().collect()
}

fn legend(width: usize) -> String {
    if width >= WIDE {
        let column = (width - 3) / 2;
        let yours = format!("{:<column$}", "yours");
        return format!(
            "{} {} {}\n",
            yours.red(),
            "│".dimmed(),
            "the solution".green()
        );
    }
    format!("{}, {}\n", "- yours".red(), "+ the solution".green())
}

/// One gap.
fn one(yours: Option<&Gap>, theirs: &Gap, shut: &BTreeSet<u8>, width: usize) -> String {
    let number = theirs.name.number;
    let line = yours.map_or(String::new(), |gap| format!(", line {}", gap.line));
    let name = format!("gap {number}: {}{line}", theirs.name.title);
    let Some(yours) = yours else {
        return format!(
            "\n  {}: its markers are no longer in your file, so there is nothing to compare.\n",
            name.bold()
        );
    };
    if shut.contains(&number) {
        return format!(
            "\n  {}: problem {number} has not passed yet; `--peek` shows it.\n",
            name.bold()
        );
    }
    let same_code = tokens(&yours.body) == tokens(&theirs.body);
    if yours.body.trim() == theirs.body.trim() || (same_code && !theirs.body.contains("//")) {
        return format!("\n  {}: the same.\n", name.bold());
    }
    let note = if same_code { ": the same code" } else { "" };
    let mut text = format!("\n  {}{note}\n\n", name.bold());
    for line in difference::render(&yours.body, &theirs.body, width) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn without_markers(part: &Part, why: &str, width: usize) -> String {
    let text = format!(
        "The markers of the gaps in this file do not match: {why}. Put them back by hand; `{} reset {}` starts the part over, and keeps a copy of what you have.",
        command_name(),
        part.name
    );
    let mut shown = String::new();
    for line in wrap(&text, width - 2) {
        let _ = writeln!(shown, "  {line}");
    }
    shown
}

/// What is not compared here.
fn elsewhere(part: &Part) -> String {
    // The command is never broken into lines, or it could not be pasted.
    format!(
        "\nOnly the gaps are compared. To compare whole files, run\n  git diff --no-index exercises/{0}/src solutions/{0}/src\n",
        part.folder
    )
}
