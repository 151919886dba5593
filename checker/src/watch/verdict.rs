//! A verdict in few lines, the most important first: what does not fit is at the end.

use std::ops::Range;
use std::path::{Path, PathBuf};

use colored::Colorize;
use runtime::terminal::visible;

use super::screen::{broken, link};
use crate::course::Course;
use crate::gaps;
use crate::manifest::{Part, Problem};
use crate::report::terminal::{colour, count, sentence, shortened, wrap};
use crate::report::{CodePlace, PartReport, Refused};
use crate::verdict::{Failure, Outcome, ProblemResult, Standing, Verdict, at_line};

/// How much of what a node said is shown in a field, in characters.
const LONGEST_TEXT: usize = 600;

/// How much of what is drawn stays, whatever the room, in lines.
const DRAWN_AT_LEAST: usize = 6;

/// Where the names of fields end.
const FIELD: usize = 12;

/// What lines are written for.
pub(super) struct Paper<'a> {
    /// Where files lie.
    pub(super) course: &'a Course,
    /// The part that is graded.
    pub(super) part: &'static Part,
    /// The problem that is graded.
    pub(super) problem: &'static Problem,
    /// How wide lines may be.
    pub(super) columns: usize,
    /// The lines.
    pub(super) lines: Vec<String>,
    /// Which of them draw what happened, the oldest first.
    pub(super) drawn: Range<usize>,
}

impl Paper<'_> {
    /// The lines, as many as there is room for. What is written behind the drawing is left out
    /// first, and then what was drawn first: what a failure comes of is near the end.
    pub(super) fn fitted(mut self, room: usize, full: &str) -> Vec<String> {
        let left_out = |hidden: usize, what: &str| {
            let more = format!("  … {}{full}", count(hidden, what));
            more.dimmed().to_string()
        };
        // A line that is left out makes room for the one that says so.
        let over = |lines: &Vec<String>| (lines.len() + 1).saturating_sub(room);
        if self.lines.len() > room && !self.drawn.is_empty() {
            let behind = self.lines.len() - self.drawn.end;
            let hidden = over(&self.lines).min(behind);
            if hidden > 1 {
                self.lines.truncate(self.lines.len() - hidden);
                self.lines.push(left_out(hidden, "more line"));
            }
            let spare = self.drawn.len().saturating_sub(DRAWN_AT_LEAST);
            if self.lines.len() > room && spare > 1 {
                let from = self.drawn.start;
                let hidden = over(&self.lines).min(spare);
                let sign = left_out(hidden, "earlier line");
                self.lines.splice(from..from + hidden, [sign]);
            }
        }
        if self.lines.len() > room {
            let hidden = over(&self.lines);
            self.lines.truncate(room.saturating_sub(1));
            self.lines.push(left_out(hidden, "more line"));
        }
        self.lines
    }

    /// Writes what came out of a run.
    pub(super) fn report(&mut self, report: &PartReport) {
        for note in &report.notes {
            self.text(&format!("note: {note}"));
        }
        if !report.notes.is_empty() {
            self.gap();
        }
        match &report.refused {
            Some(Refused::DoesNotCompile { rendered, places }) => {
                self.compile_errors(rendered, places);
            }
            Some(Refused::BreaksRules(breaches)) => {
                for breach in breaches {
                    self.text(breach);
                }
            }
            None => {
                for problem in &report.problems {
                    self.problem(problem);
                }
            }
        }
    }

    /// Writes a paragraph.
    pub(super) fn text(&mut self, text: &str) {
        self.lines.extend(
            wrap(&visible(text), self.columns.saturating_sub(2))
                .into_iter()
                .map(|line| format!("  {line}")),
        );
    }

    /// Writes an empty line.
    pub(super) fn gap(&mut self) {
        self.lines.push(String::new());
    }

    fn compile_errors(&mut self, rendered: &[String], places: &[CodePlace]) {
        let number = count(rendered.len(), "error");
        let heading = format!("The code does not compile: {number}. Nothing was run.");
        self.lines
            .push(colour(Standing::Failed, &heading).to_string());
        let mut seen: Vec<&CodePlace> = Vec::new();
        for place in places {
            // One line a file is enough to go there; the rest is below.
            if seen.iter().any(|other| other.file == place.file) {
                continue;
            }
            seen.push(place);
            let file = self.file(&place.file, place.line);
            let whose = if place.editable {
                ""
            } else if place.file.is_absolute() {
                "  (not part of the exercise)"
            } else {
                "  (given by the course; if you changed it, `git restore` brings it back)"
            };
            self.lines.push(format!("  {file}{whose}"));
        }
        for message in rendered {
            self.gap();
            for line in message.trim_end().lines() {
                self.lines.extend(broken(line, self.columns));
            }
        }
    }

    fn problem(&mut self, problem: &ProblemResult) {
        let mut told = problem
            .outcomes
            .iter()
            .filter(|outcome| outcome.verdict.standing() == problem.standing);
        let Some(outcome) = told.next() else {
            self.text("No scenario was run, so nothing can be said.");
            return;
        };
        match &outcome.verdict {
            Verdict::Passed { .. } => self.passed(problem),
            Verdict::NotWritten { gap } => self.not_written(gap),
            Verdict::Failed(failure) => {
                self.heading(problem.standing, outcome);
                self.failure(failure);
            }
            Verdict::Inconclusive { why } => {
                self.heading(problem.standing, outcome);
                self.field("why", &sentence(why));
                self.field("", "This says nothing about your code. On a machine with less to do it may well pass: r runs it again.");
            }
            Verdict::CheckerFault { why } => {
                self.heading(problem.standing, outcome);
                self.field("why", &sentence(why));
                self.field("", "This is not about your code. Please report it.");
            }
        }
        let mut others: Vec<&str> = told.map(|outcome| outcome.title.as_str()).collect();
        others.dedup();
        others.retain(|title| *title != outcome.title);
        if problem.standing == Standing::Failed && !others.is_empty() {
            self.gap();
            self.field("also", &format!("failed: {}.", others.join("; ")));
        }
    }

    fn heading(&mut self, standing: Standing, outcome: &Outcome) {
        let heading = format!("{}: {}", standing.word().to_uppercase(), outcome.title);
        for line in wrap(&visible(&heading), self.columns) {
            self.lines.push(colour(standing, &line).to_string());
        }
        self.gap();
    }

    fn passed(&mut self, problem: &ProblemResult) {
        let heading = format!("PASSED: {}", count(problem.outcomes.len(), "scenario"));
        self.lines
            .push(colour(Standing::Passed, &heading).to_string());
        let mut told: Vec<&str> = Vec::new();
        for outcome in &problem.outcomes {
            let Verdict::Passed { property } = &outcome.verdict else {
                continue;
            };
            if !told.contains(&property.as_str()) {
                told.push(property);
                let text = wrap(&sentence(property), self.columns.saturating_sub(4));
                for (row, line) in text.iter().enumerate() {
                    let mark = if row == 0 {
                        "✓".green()
                    } else {
                        " ".normal()
                    };
                    self.lines.push(format!("  {mark} {line}"));
                }
            }
            for line in &outcome.observations {
                self.lines.push(format!("    {}", visible(line).dimmed()));
            }
        }
    }

    fn not_written(&mut self, gap: &str) {
        let are = if gap.contains(" and ") { "are" } else { "is" };
        let heading = format!("{} {are} not written yet.", visible(gap));
        self.lines
            .push(colour(Standing::NotWritten, &heading).to_string());
        self.gap();
        for gap in self.problem.gaps {
            for (file, line) in self.places_of(*gap) {
                let file = self.file(&file, Some(line));
                self.lines.push(format!("  {file}"));
            }
        }
        let training = self.training(self.problem.anchor);
        self.lines.push(format!("  {training}"));
    }

    /// Where a gap that is not written is; it may have a place in several files.
    fn places_of(&self, gap: u8) -> Vec<(PathBuf, u32)> {
        let place = |file: &&str| {
            let path = self.course.exercise(self.part).join(file);
            let text = std::fs::read_to_string(path).ok()?;
            if !gaps::unwritten([text.as_str()]).contains(&gap) {
                return None;
            }
            let todo = format!("TODO({gap})");
            let line = text.lines().position(|line| line.contains(&todo))?;
            Some((PathBuf::from(file), u32::try_from(line + 1).ok()?))
        };
        self.part.editable.iter().filter_map(place).collect()
    }

    fn failure(&mut self, failure: &Failure) {
        self.field("step", &sentence(&failure.step));
        self.field("seen", &sentence(&failure.seen));
        for fact in &failure.evidence {
            self.field("", &sentence(fact));
        }
        self.field("required", &sentence(&failure.expected));
        if let Some(diagnosis) = &failure.diagnosis {
            self.field("perhaps", &sentence(&diagnosis.suggests));
            self.field("", &sentence(&diagnosis.evidence()));
            self.field("", &format!("Hint {} is about it: h.", diagnosis.hint));
        }
        if let Some(place) = &failure.place {
            let file = self.file(&place.file, place.line);
            self.styled("look at", &file);
        }
        let given = self.problem.anchor;
        let anchor = failure.section(Some(given)).unwrap_or(given);
        let training = self.training(anchor);
        let name = if failure.place.is_some() {
            ""
        } else {
            "look at"
        };
        self.styled(name, &training);
        if !failure.why.is_empty() {
            self.field("because", &sentence(&failure.why));
        }
        self.history(failure);
    }

    /// What the nodes said, to each other and to their own stderr.
    fn history(&mut self, failure: &Failure) {
        if !failure.sketch.is_empty() {
            self.gap();
            self.text("What the nodes said to each other, and what the network did to it:");
            self.gap();
            let heading = self.lines.len();
            let sketch = failure.sketch.iter();
            self.lines
                .extend(sketch.map(|line| format!("  {}", visible(line))));
            self.drawn = heading + 1..self.lines.len();
        }
        if let Some(stderr) = &failure.stderr {
            self.gap();
            self.text(&format!(
                "The last lines that {} wrote to stderr:",
                stderr.node
            ));
            self.gap();
            for line in &stderr.lines {
                let rows = broken(&visible(line), self.columns.saturating_sub(4));
                for (row, text) in rows.iter().enumerate() {
                    let mark = if row == 0 { "|" } else { " " };
                    self.lines.push(format!("  {} {text}", mark.dimmed()));
                }
            }
        }
    }

    fn field(&mut self, name: &str, text: &str) {
        let text = visible(&shortened(text, LONGEST_TEXT));
        for (row, line) in wrap(&text, self.columns.saturating_sub(FIELD))
            .iter()
            .enumerate()
        {
            self.styled(if row == 0 { name } else { "" }, line);
        }
    }

    fn styled(&mut self, name: &str, line: &str) {
        self.lines
            .push(format!("  {} {line}", format!("{name:<9}").dimmed()));
    }

    /// A file of the exercise, as its path from the current folder.
    fn file(&self, file: &Path, line: Option<u32>) -> String {
        let whole = if file.starts_with("src") {
            self.course.exercise(self.part).join(file)
        } else {
            self.course.root.join(file)
        };
        let text = at_line(&from_here(&whole).to_string_lossy(), line);
        link(&visible(&text), &whole, line)
    }

    fn training(&self, anchor: &str) -> String {
        let file = self.course.root.join("TRAINING.md");
        let text = format!("{}#{anchor}", from_here(&file).display());
        link(&visible(&text), &file, None)
    }
}

/// A path as one would type it in the current folder.
pub(super) fn from_here(path: &Path) -> PathBuf {
    let Ok(here) = std::env::current_dir() else {
        return path.to_owned();
    };
    relative(path, &here)
}

fn relative(path: &Path, here: &Path) -> PathBuf {
    let shared = path
        .components()
        .zip(here.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = here.components().count() - shared;
    // Where they share next to nothing, the whole path is shorter to read.
    if up > 3 {
        return path.to_owned();
    }
    let down = path.components().skip(shared);
    std::iter::repeat_n(std::path::Component::ParentDir, up)
        .chain(down)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of two lines, a drawing of ten and three lines behind it.
    fn shown(room: usize) -> Vec<String> {
        colored::control::set_override(false);
        let course = Course::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let paper = Paper {
            course: &course,
            part: &crate::manifest::PARTS[0],
            problem: &crate::manifest::PARTS[0].problems[0],
            columns: 80,
            lines: (0..15).map(|number| number.to_string()).collect(),
            drawn: 2..12,
        };
        paper.fitted(room, "")
    }

    #[test]
    fn end_of_the_drawing_is_shown_longest() {
        assert_eq!(shown(15).len(), 15);
        assert_eq!(shown(14)[12..], ["12", "  … 2 more lines"]);
        let few = shown(10);
        assert_eq!(
            few,
            [
                "0",
                "1",
                "  … 4 earlier lines",
                "6",
                "7",
                "8",
                "9",
                "10",
                "11",
                "  … 3 more lines"
            ]
            .map(str::to_owned)
        );
    }

    #[track_caller]
    fn check(path: &str, here: &str, expected: &str) {
        assert_eq!(
            relative(Path::new(path), Path::new(here)),
            Path::new(expected)
        );
    }

    #[test]
    fn file_is_named_as_one_would_type_it() {
        check("/course/exercises/a.rs", "/course", "exercises/a.rs");
        check("/course/exercises/a.rs", "/course/exercises", "a.rs");
        check(
            "/course/TRAINING.md",
            "/course/exercises/part1/src",
            "../../../TRAINING.md",
        );
        check("/course/a.rs", "/home/me/some/where", "/course/a.rs");
    }
}
