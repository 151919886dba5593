//! `checker hint`.

use std::fmt::Write;

use clap::Args;
use colored::Colorize;
use runtime::terminal::{note, visible};

use super::question;
use crate::journal::{self, Journal};
use grader::course::Course;
use grader::part_report::{Graded, PartReport};
use grader::runs::Run;
use report::markdown;
use report::terminal::{command_name, print_on};
use report::words::{sentence, wrap};
use testkit::hints::{self, Hint};
use testkit::part::{Part, Problem};
use testkit::screen::width;
use testkit::trouble::Result;
use testkit::verdict::{Diagnosis, Standing, Verdict};

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct HintArgs {
    /// The part; your current one, if not given
    #[arg(value_parser = question::part_names())]
    part: Option<String>,
    /// The problem; your current one, if not given
    #[arg(long, value_name = "N")]
    problem: Option<u8>,
    /// Shows again the hints that were already shown, and no new one
    #[arg(long, conflicts_with = "all")]
    again: bool,
    /// Shows all of them at once
    #[arg(long)]
    all: bool,
}

/// Which hints are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The first one that was not shown yet.
    Next,
    /// Those that were shown.
    Again,
    /// All.
    All,
}

/// Runs it.
pub(super) fn run(args: HintArgs) -> Result<Standing> {
    let course = super::course()?;
    let (part, problem) = meant(&course, args.part.as_deref(), args.problem)?;
    let which = match (args.again, args.all) {
        (true, _) => Which::Again,
        (_, true) => Which::All,
        _ => Which::Next,
    };
    let (text, count) = shown(&course, part, problem, which)?;
    // What nobody can have read does not count.
    if print_on(&text)? {
        let changed = Journal::change(&course, |journal| {
            let of_part = journal.hints.entry(part.name.to_owned()).or_default();
            let before = of_part.entry(problem.number).or_default();
            *before = count.max(*before);
        });
        if let Some(forgotten) = journal::forgotten(changed) {
            note(forgotten);
        }
    }
    Ok(Standing::Passed)
}

/// The hints that are wanted, as a terminal shows them, and how many will have been shown then.
pub(super) fn shown(
    course: &Course,
    part: &'static Part,
    problem: &'static Problem,
    which: Which,
) -> Result<(String, u8)> {
    let hints = hints::of(part, problem);
    let before = Journal::read(course).hints_shown(part, problem.number);
    let before = before.min(hints.len());
    let (from, to) = match which {
        Which::Next if before == hints.len() => (before - 1, before),
        Which::Next => (before, before + 1),
        Which::Again => (0, before),
        Which::All => (0, hints.len()),
    };
    let command = format!(
        "{} hint {} --problem {}",
        command_name(),
        part.name,
        problem.number
    );
    let mut text = String::new();
    let heading = format!(
        "{}, problem {}, {}",
        part.name, problem.number, problem.title
    );
    let _ = writeln!(text, "{}\n", heading.bold());
    if which == Which::All {
        text.push_str("All hints, down to what is nearly the code:\n\n");
    } else if from == to {
        text.push_str("No hint was shown yet.\n\n");
    } else if which == Which::Next && before == hints.len() {
        text.push_str("All hints were shown; this is the last one again.\n\n");
    }
    for (number, hint) in hints.iter().enumerate().take(to).skip(from) {
        text.push_str(&one(number + 1, hints.len(), hint));
    }
    let after = to.max(before);
    if let Some(diagnosis) = diagnosis(course, part, problem) {
        text.push_str(&fitting(&diagnosis, part, after));
    }
    text.push_str(&rest(part, problem, after, hints.len(), &command));
    Ok((text, u8::try_from(after).unwrap_or(u8::MAX)))
}

/// The problem that is meant: what was named, or where the learner is.
fn meant(
    course: &Course,
    part: Option<&str>,
    problem: Option<u8>,
) -> Result<(&'static Part, &'static Problem)> {
    let journal = Journal::read(course);
    let (here, at) = journal.place();
    let part = part.map_or(Ok(here), question::part)?;
    if let Some(number) = problem {
        return Ok((part, question::problem(part, number)?));
    }
    if part.number == here.number {
        return Ok((part, at));
    }
    let open = part
        .problems
        .iter()
        .find(|problem| !journal.has_passed(part, problem.number));
    let first = open.or(part.problems.first());
    first
        .map(|problem| (part, problem))
        .map_or_else(|| Ok((here, at)), Ok)
}

fn one(number: usize, of: usize, hint: &Hint) -> String {
    let title = format!("Hint {number} of {of}: {}", hint.title);
    let body = markdown::render(&hint.text, width() - 2);
    let mut text = format!("{}\n\n", title.bold());
    for line in body.lines() {
        let _ = writeln!(text, "{}", format!("  {line}").trim_end());
    }
    text.push('\n');
    text
}

/// What the newest run of the problem says about the mistake, if it failed and that is known.
fn diagnosis(course: &Course, part: &Part, problem: &Problem) -> Option<Diagnosis> {
    let entry_failed = Journal::read(course)
        .entry(part, problem.number)
        .is_some_and(|entry| entry.standing == Standing::Failed);
    if !entry_failed {
        return None;
    }
    let is_of_it = |report: &PartReport| {
        report.part == part.name
            && report.graded == Graded::Exercise
            && report
                .problems
                .iter()
                .any(|result| result.problem == problem.number && !result.outcomes.is_empty())
    };
    let newest = Run::all(course)
        .into_iter()
        .filter(Run::is_over)
        .filter_map(|run| run.verdicts().ok())
        .find(is_of_it)?;
    newest
        .problems
        .into_iter()
        .filter(|result| result.problem == problem.number)
        .flat_map(|result| result.outcomes)
        .find_map(|outcome| match outcome.verdict {
            Verdict::Failed(failure) => failure.diagnosis,
            _ => None,
        })
}

/// Says which hint fits what was seen, and how to come to it.
fn fitting(diagnosis: &Diagnosis, part: &Part, shown: usize) -> String {
    let number = usize::from(diagnosis.hint);
    let way = match (diagnosis.hint_of, number.checked_sub(shown)) {
        (Some(of), _) => diagnosis.way_to_hint(command_name(), part.name, of),
        (None, None | Some(0)) => format!("Hint {number} is about that; `--again` repeats it."),
        (None, Some(1)) => format!("Hint {number}, the next one, is about that."),
        (None, Some(_)) => format!("Hint {number} is about that."),
    };
    let text = format!(
        "Your last run failed. {} The evidence: {}. {way} See {}.",
        sentence(&diagnosis.suggests),
        diagnosis.because.trim_end_matches('.'),
        diagnosis.training
    );
    wrap(&visible(&text), width()).join("\n") + "\n\n"
}

fn rest(part: &Part, problem: &Problem, shown: usize, of: usize, command: &str) -> String {
    let text = match of - shown {
        0 => format!(
            "There are no more hints. Read {} again, or talk to a colleague about it.",
            part.section(problem.anchor)
        ),
        1 => return format!("One hint remains. To show it, run\n  {command}\n"),
        more => return format!("{more} hints remain. To show the next, run\n  {command}\n"),
    };
    wrap(&text, width()).join("\n") + "\n"
}
