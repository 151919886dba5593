//! How far a learner has come: the journal beside the files as they are now.

use jiff::Timestamp;
use serde::Serialize;

use crate::journal::{Entry, Journal, fingerprint};
use crate::manifest::PARTS;
use grader::course::Course;
use grader::runner::unwritten;
use grader::sources::Sources;
use testkit::part::{Part, Problem};
use testkit::verdict::Standing;

/// What is known of a problem without running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It passed when it was last run.
    Passed,
    /// It failed when it was last run.
    Failed,
    /// A gap that it needs is as the stub has it.
    NotWritten,
    /// It is written, and was not run since.
    NeverRun,
    /// A file of the part cannot be read, so nothing is known of it.
    Unreadable,
}

/// A part, with its problems.
#[derive(Debug, Clone)]
pub struct PartState {
    /// Which one.
    pub part: &'static Part,
    /// Its problems, in order.
    pub problems: Vec<ProblemState>,
    /// Why nothing is known of its code, as a sentence.
    pub trouble: Option<String>,
}

/// A problem, and how it stands.
#[derive(Debug, Clone)]
pub struct ProblemState {
    /// Which one.
    pub problem: &'static Problem,
    /// How it stands.
    pub state: State,
    /// When it was last run, if what came of it still says something.
    pub ran: Option<Timestamp>,
    /// Whether its code was changed since.
    pub changed: bool,
}

/// Points, of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Points {
    /// How many were earned.
    pub earned: u32,
    /// How many there are.
    pub of: u32,
}

/// How everything stands.
pub fn overview(course: &Course, journal: &Journal) -> Vec<PartState> {
    let parts = PARTS.iter().map(|part| {
        // A folder that cannot be read tells nothing about what was written.
        let (sources, trouble) = match sources_of(course, part) {
            Ok(sources) => (Some(sources), None),
            Err(why) => (None, Some(why)),
        };
        let unwritten = sources
            .as_ref()
            .map(|sources| unwritten(part, sources))
            .unwrap_or_default();
        let problems = part.problems.iter().map(|problem| {
            let is_written = !unwritten.contains_key(&problem.number);
            let entry = journal.entry(part, problem.number);
            problem_state(problem, is_written, entry, sources.as_ref())
        });
        PartState {
            part,
            problems: problems.collect(),
            trouble,
        }
    });
    parts.collect()
}

/// The learner's files of a part.
///
/// # Errors
/// A sentence, when one cannot be read or is missing.
fn sources_of(course: &Course, part: &Part) -> Result<Sources, String> {
    let sources = Sources::read(&course.exercise(part))
        .map_err(|trouble| format!("The checker {trouble}."))?;
    let is_there = |file: &str| {
        let name = file.strip_prefix("src/").unwrap_or(file);
        name == file || sources.files.contains_key(name)
    };
    match part.editable.iter().find(|file| !is_there(file)) {
        Some(file) => Err(format!(
            "{file} is missing; `checker reset {}` brings it back.",
            part.name
        )),
        None => Ok(sources),
    }
}

fn problem_state(
    problem: &'static Problem,
    is_written: bool,
    entry: Option<&Entry>,
    sources: Option<&Sources>,
) -> ProblemState {
    let state = match entry.map(|entry| entry.standing) {
        _ if sources.is_none() => State::Unreadable,
        _ if !is_written => State::NotWritten,
        Some(Standing::Passed) => State::Passed,
        Some(Standing::Failed) => State::Failed,
        _ => State::NeverRun,
    };
    let ran = entry.filter(|_| matches!(state, State::Passed | State::Failed));
    let changed = ran.and_then(|entry| {
        let code = entry.code.as_ref()?;
        Some(*code != fingerprint(problem, sources?))
    });
    ProblemState {
        problem,
        state,
        ran: ran.map(|entry| entry.at),
        changed: changed.unwrap_or(false),
    }
}

/// The points of those problems that count, or of the optional ones.
pub fn points<'a>(problems: impl IntoIterator<Item = &'a ProblemState>, optional: bool) -> Points {
    let mut points = Points::default();
    for state in problems {
        if state.problem.optional == optional {
            let worth = u32::from(state.problem.points);
            points.of += worth;
            points.earned += if state.state == State::Passed {
                worth
            } else {
                0
            };
        }
    }
    points
}

impl State {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            State::Passed => "passed",
            State::Failed => "failed",
            State::NotWritten => "not written",
            State::NeverRun => "never run",
            State::Unreadable => "cannot be read",
        }
    }

    /// The sign before it.
    pub fn sign(self) -> &'static str {
        match self {
            State::Passed => "✓",
            State::Failed => "✗",
            State::NotWritten => "·",
            State::NeverRun | State::Unreadable => "?",
        }
    }
}

/// How long ago something was, as people say it; the day, when it was not today.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    let some = |number: i64, what: &str| match number {
        1 => format!("1 {what} ago"),
        number => format!("{number} {what}s ago"),
    };
    match seconds {
        // A clock that was set back is no reason for a negative number.
        ..60 => "just now".to_owned(),
        60..3600 => some(seconds / 60, "minute"),
        3600..86_400 => some(seconds / 3600, "hour"),
        _ => {
            let day = at.to_zoned_datetime(jiff::tz::TimeZone::system());
            format!("on {}", day.strftime("%Y-%m-%d"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_as_people_tell_it() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for (seconds, told) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (7300, "2 hours ago"),
        ] {
            let at = Timestamp::from_second(1_800_000_000 - seconds).unwrap();
            assert_eq!(ago(at, now), told);
        }
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        assert!(ago(at, now).starts_with("on 2023-11-1"));
    }
}
