//! `checker list`.

use std::fmt::Write;

use clap::Args;
use colored::Colorize;
use jiff::Timestamp;
use serde::Serialize;

use crate::journal::Journal;
use crate::manifest::PARTS;
use crate::overview::{PartState, Points, ProblemState, State, ago, overview, points};
use grader::course::Course;
use report::json::SCHEMA;
use report::terminal::{command_name, print, print_for_programs};
use report::words::wrap;
use testkit::part::{Part, Problem};
use testkit::screen::width;
use testkit::trouble::{Result, While};
use testkit::verdict::Standing;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Prints it as JSON, see docs/JSON.md
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(super) fn run(args: ListArgs) -> Result<Standing> {
    let course = Course::here().ok();
    if let Some(course) = &course {
        Journal::take_back(course);
    }
    match &course {
        course if args.json => print_for_programs(&json(course.as_ref())?)?,
        Some(course) => print(render(course, Timestamp::now()))?,
        None => print(without_state())?,
    }
    Ok(Standing::Passed)
}

/// How everything stands, where the learner is, and what to do next.
pub(super) fn render(course: &Course, now: Timestamp) -> String {
    let journal = Journal::read(course);
    let (here, next) = journal.place();
    let parts = overview(course, &journal);
    let mut text = String::new();
    for part in &parts {
        heading(&mut text, part.part, Some(&part.problems));
        for line in part
            .trouble
            .iter()
            .flat_map(|trouble| wrap(trouble, width() - 9))
        {
            let _ = writeln!(text, "         {}", line.red());
        }
        for state in &part.problems {
            let is_here = part.part.number == here.number && state.problem.number == next.number;
            problem_line(&mut text, state.problem, Some((state, now)), is_here);
        }
        text.push('\n');
    }
    let all = || parts.iter().flat_map(|part| &part.problems);
    let (counted, optional) = (points(all(), false), points(all(), true));
    let _ = writeln!(text, "{}", in_words(counted, optional));
    let all_passed = counted.earned == counted.of;
    let _ = writeln!(text, "{}", next_step(&parts, here, next, all_passed));
    text
}

/// What there is, for a user outside of the course's folder.
fn without_state() -> String {
    let mut text = String::new();
    for part in PARTS.iter() {
        heading(&mut text, part, None);
        for problem in part.problems {
            problem_line(&mut text, problem, None, false);
        }
        text.push('\n');
    }
    text.push_str("To see what you have solved, run this in the folder of the course.\n");
    text
}

fn heading(text: &mut String, part: &Part, problems: Option<&[ProblemState]>) {
    let name = format!("{:<8} {}", part.name, part.title);
    let earned = problems.map_or(String::new(), |problems| {
        let Points { earned, of } = points(problems, false);
        format!("{earned} of {of} points")
    });
    let between = width().min(80).saturating_sub(name.chars().count());
    let earned = problems.map_or(String::new(), |_| format!("{earned:>between$}"));
    let _ = writeln!(text, "{}{earned}", name.bold());
    let places = format!("exercises/{}, {}", part.folder, part.chapter);
    let room = width() - 9;
    // Two lines rather than one that the terminal breaks somewhere.
    for line in wrap(&places, room) {
        let _ = writeln!(text, "         {}", line.dimmed());
    }
}

fn problem_line(
    text: &mut String,
    problem: &Problem,
    state: Option<(&ProblemState, Timestamp)>,
    is_here: bool,
) {
    const TITLES: usize = 26;
    const BEFORE: usize = 8;
    let arrow = if is_here { "→" } else { " " };
    let sign = state.map_or(" ", |(state, _)| state.state.sign());
    let optional = problem.optional.then(|| "optional".to_owned());
    let known = state.map(|(state, now)| {
        let when = state.ran.map(|at| format!(" {}", ago(at, now)));
        let changed = if state.changed { ", changed since" } else { "" };
        let when = when.unwrap_or_default();
        format!("{}{when}{changed}", state.state.word())
    });
    let words: Vec<String> = known.into_iter().chain(optional).collect();
    let lines = wrap(&words.join(", "), width() - BEFORE - TITLES);
    let title = format!("{:>2}. {:<TITLES$}", problem.number, problem.title);
    let painted = |words: &str| match state.map(|(state, _)| state.state) {
        Some(State::Passed) => words.green(),
        Some(State::Failed) => words.red(),
        Some(State::NotWritten) => words.cyan(),
        Some(State::NeverRun | State::Unreadable) => words.yellow(),
        None => words.normal(),
    };
    let mut lines = lines.iter();
    let first = lines.next().map_or("", String::as_str);
    let line = format!(
        "{} {} {title}{}",
        arrow.bold(),
        painted(sign),
        painted(first)
    );
    let _ = writeln!(text, "{}", line.trim_end());
    for line in lines {
        let _ = writeln!(
            text,
            "{:room$}{}",
            "",
            painted(line),
            room = BEFORE + TITLES
        );
    }
}

fn in_words(counted: Points, optional: Points) -> String {
    format!(
        "{} of {} points, and {} of {} for optional problems.",
        counted.earned, counted.of, optional.earned, optional.of
    )
}

/// The sentence that says what to do next.
fn next_step(parts: &[PartState], part: &Part, problem: &Problem, all_passed: bool) -> String {
    let command = command_name();
    if all_passed {
        return format!("Everything that counts has passed. `{command} all` checks it once more.");
    }
    let state = parts
        .iter()
        .filter(|state| state.part.number == part.number)
        .flat_map(|state| &state.problems)
        .find(|state| state.problem.number == problem.number);
    // The command stands on a line of its own, so that it is never broken.
    let grade = format!("  {command} {} --problem {}", part.name, problem.number);
    let read = part.section(problem.anchor);
    match state.map(|state| state.state) {
        Some(State::NotWritten) | None => {
            format!("Next: read {read}\nand solve it, then run\n{grade}")
        }
        Some(State::NeverRun | State::Unreadable) => format!("Next:\n{grade}"),
        Some(State::Failed) => {
            format!("Next: change it (`{command} hint` shows a hint), then run\n{grade}")
        }
        Some(State::Passed) => format!("This one has passed. Once more:\n{grade}"),
    }
}

/// The whole of what `--json` prints. Fields are added, never changed, within a version.
#[derive(Serialize)]
struct JsonList {
    schema: u32,
    /// Where the learner is; missing outside of the course.
    at: Option<Place>,
    points: Option<Points>,
    optional_points: Option<Points>,
    parts: Vec<JsonPart>,
}

#[derive(Serialize)]
struct Place {
    part: &'static str,
    problem: u8,
}

#[derive(Serialize)]
struct JsonPart {
    part: &'static str,
    title: &'static str,
    folder: String,
    training: &'static str,
    problems: Vec<JsonProblem>,
}

#[derive(Serialize)]
struct JsonProblem {
    problem: u8,
    title: &'static str,
    optional: bool,
    points: u8,
    training: String,
    /// Missing outside of the course.
    state: Option<State>,
    ran: Option<Timestamp>,
    changed_since: bool,
}

fn json(course: Option<&Course>) -> Result<String> {
    let journal = course.map(Journal::read);
    let parts = course.map_or_else(Vec::new, |course| {
        overview(course, journal.as_ref().unwrap_or(&Journal::default()))
    });
    let all = || parts.iter().flat_map(|part| &part.problems);
    let known = |part: &Part, problem: &Problem| {
        let of_part = parts.iter().find(|state| state.part.number == part.number);
        of_part?
            .problems
            .iter()
            .find(|state| state.problem.number == problem.number)
    };
    let list = JsonList {
        schema: SCHEMA,
        at: journal.as_ref().map(|journal| {
            let (part, problem) = journal.place();
            Place {
                part: part.name,
                problem: problem.number,
            }
        }),
        points: course.map(|_| points(all(), false)),
        optional_points: course.map(|_| points(all(), true)),
        parts: PARTS
            .iter()
            .map(|part| JsonPart {
                part: part.name,
                title: part.title,
                folder: format!("exercises/{}", part.folder),
                training: part.chapter,
                problems: part
                    .problems
                    .iter()
                    .map(|problem| json_problem(part, problem, known(part, problem)))
                    .collect(),
            })
            .collect(),
    };
    let text = serde_json::to_string_pretty(&list).or_trouble(|| "write the list as JSON")?;
    Ok(text + "\n")
}

fn json_problem(
    part: &Part,
    problem: &'static Problem,
    state: Option<&ProblemState>,
) -> JsonProblem {
    JsonProblem {
        problem: problem.number,
        title: problem.title,
        optional: problem.optional,
        points: problem.points,
        training: part.section(problem.anchor),
        state: state.map(|state| state.state),
        ran: state.and_then(|state| state.ran),
        changed_since: state.is_some_and(|state| state.changed),
    }
}
