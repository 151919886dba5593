//! A verdict in few lines, the most important first: what does not fit is at the end.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use colored::Colorize;
use runtime::terminal::visible;

use super::screen::broken;
use grader::course::Course;
use grader::gaps;
use grader::part_report::{CodePlace, PartReport, Refused, count};
use report::counterexample;
use report::hyperlink::link;
use report::terminal::{command_name, shortened};
use report::words::{color, sentence, wrap};
use report::world;
use testkit::part::{Part, Problem};
use testkit::plain_file::{self, MAX_TEXT};
use testkit::verdict::{Diagnosis, Failure, Outcome, ProblemResult, Standing, Verdict, at_line};

/// How much of what a node said is shown in a field, in characters.
const LONGEST_TEXT: usize = 600;

/// How much of what is drawn stays where there is room for a drawing, in lines.
const DRAWN_AT_LEAST: usize = 6;

/// Where there is less room for all, the drawing is left out like other lines.
const ROOM_FOR_A_DRAWING: usize = DRAWN_AT_LEAST + 5;

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
    /// Which of them go on with the paragraph of the line before.
    pub(super) continued: BTreeSet<usize>,
    /// Which of them draw what happened, the oldest first; the line before is their heading.
    pub(super) drawn: Range<usize>,
    /// Which of them the drawing may take the place of.
    pub(super) yields: Vec<(Yields, Range<usize>)>,
    /// How many hints of the problem were shown.
    pub(super) hints_shown: usize,
}

/// When a line makes room for the drawing: the first of these make room first. What has no rank stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Yields {
    /// Empty lines and headings.
    Air,
    Because,
    WhatSuggestsSo,
    Evidence,
    Training,
    Hint,
    Step,
    Perhaps,
    Place,
    Required,
}

/// Which lines of a paper are kept.
struct Kept {
    lines: Vec<Option<String>>,
    continued: BTreeSet<usize>,
    drawn: Range<usize>,
    /// How many lines of what is drawn are left out, and how many others that say something.
    earlier: usize,
    more: usize,
}

impl Kept {
    fn all_of(lines: Vec<String>, continued: BTreeSet<usize>, drawn: Range<usize>) -> Kept {
        Kept {
            lines: lines.into_iter().map(Some).collect(),
            continued,
            drawn,
            earlier: 0,
            more: 0,
        }
    }

    /// How many lines are shown, with those that say that something is left out.
    fn height(&self) -> usize {
        let signs = usize::from(self.earlier > 0) + usize::from(self.more > 0);
        self.lines.iter().flatten().count() + signs
    }

    fn leave_out(&mut self, place: usize) {
        match self.lines[place].take() {
            Some(_) if self.drawn.contains(&place) => self.earlier += 1,
            Some(line) if !line.is_empty() => self.more += 1,
            _ => {}
        }
    }

    fn shown(self, full: &str) -> Vec<String> {
        let sign = |hidden: usize, what: &str| {
            let sign = format!("  … {}{full}", count(hidden, what));
            (hidden > 0).then(|| sign.dimmed().to_string())
        };
        let (earlier, more) = (
            sign(self.earlier, "earlier line"),
            sign(self.more, "more line"),
        );
        let breaks_off = |(place, line): (usize, &Option<String>)| {
            let goes_on = self.continued.contains(&(place + 1));
            goes_on && line.is_some() && self.lines[place + 1].is_none()
        };
        let lines = self.lines.iter().enumerate();
        let broken_off: BTreeSet<usize> = lines
            .filter(|of| breaks_off(*of))
            .map(|(place, _)| place)
            .collect();
        let mut before = self.lines;
        for place in broken_off {
            before[place]
                .iter_mut()
                .for_each(|line| line.push_str(" …"));
        }
        let behind = before.split_off(self.drawn.start);
        let before = before.into_iter().flatten();
        before
            .chain(earlier)
            .chain(behind.into_iter().flatten())
            .chain(more)
            .collect()
    }
}

impl Paper<'_> {
    /// The lines, as many as there is room for. What is written behind the drawing is left out
    /// first; then what was drawn first, for what a failure comes of is near the end; and then the
    /// words before it, so that a small drawing is there; only the smallest screens have none.
    pub(super) fn fitted(self, room: usize, full: &str) -> Vec<String> {
        if self.lines.len() <= room {
            return self.lines;
        }
        let drawn = match self.drawn.is_empty() || room < ROOM_FOR_A_DRAWING {
            true => 0..0,
            false => self.drawn,
        };
        let mut kept = Kept::all_of(self.lines, self.continued, drawn.clone());
        for place in (drawn.end..kept.lines.len()).rev() {
            if kept.height() <= room {
                break;
            }
            kept.leave_out(place);
        }
        let spare = drawn.start..drawn.end - drawn.len().min(DRAWN_AT_LEAST);
        let mut yields = self.yields;
        yields.sort_by_key(|(rank, _)| *rank);
        let words = yields.into_iter().flat_map(|(_, range)| range);
        // What has no rank is short, unless a node said much: then its end is left out.
        let rest = (1..drawn.start.saturating_sub(1)).rev();
        for (place, goes_whole) in words
            .map(|place| (place, true))
            .chain(rest.map(|place| (place, false)))
        {
            // The end of a paragraph means nothing without its beginning.
            let goes_along = goes_whole && kept.continued.contains(&place);
            // A sign takes the place of the lines that are left out.
            if !goes_along && kept.height() - spare.len() + usize::from(!spare.is_empty()) <= room {
                break;
            }
            kept.leave_out(place);
        }
        for place in spare {
            if kept.height() <= room {
                break;
            }
            kept.leave_out(place);
        }
        let mut lines = kept.shown(full);
        lines.truncate(room);
        lines
    }

    /// Writes what came out of a run.
    pub(super) fn report(&mut self, report: &PartReport) {
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
        if !report.notes.is_empty() {
            self.gap();
        }
        for note in &report.notes {
            self.text(&format!("note: {note}"));
        }
    }

    /// Writes a paragraph.
    pub(super) fn text(&mut self, text: &str) {
        let lines = wrap(&visible(text), self.columns.saturating_sub(2));
        self.paragraph(lines.into_iter().map(|line| format!("  {line}")));
    }

    /// Writes lines that are of no use without the first of them.
    pub(super) fn paragraph(&mut self, lines: impl IntoIterator<Item = String>) {
        let first = self.lines.len();
        self.lines.extend(lines);
        self.continued.extend(first + 1..self.lines.len());
    }

    /// Writes an empty line.
    pub(super) fn gap(&mut self) {
        self.lines.push(String::new());
    }

    fn compile_errors(&mut self, rendered: &[String], places: &[CodePlace]) {
        let number = count(rendered.len(), "error");
        let heading = format!("The code does not compile: {number}. Nothing was run.");
        self.lines
            .push(color(Standing::Failed, &heading).to_string());
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
                self.paragraph(broken(line, self.columns));
            }
        }
    }

    fn problem(&mut self, problem: &ProblemResult) {
        let mut told = problem
            .outcomes
            .iter()
            .filter(|outcome| outcome.verdict.standing() == problem.standing);
        let Some(outcome) = told.next() else {
            self.text("No scenario was run, so there is no verdict.");
            return;
        };
        match &outcome.verdict {
            Verdict::Passed { .. } => self.passed(problem),
            Verdict::NotWritten { gap } => self.not_written(gap),
            Verdict::Failed(failure) => {
                self.heading(problem.standing, outcome);
                if let Some(said) = world::simulated_failure(outcome) {
                    self.field("world", &said);
                }
                self.failure(failure);
            }
            Verdict::Inconclusive { why } => {
                self.heading(problem.standing, outcome);
                self.field("why", &sentence(why));
                let meaning = world::of_inconclusive(outcome.world);
                self.field("", &format!("{meaning} Press r to run it again."));
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
        let lines = wrap(&visible(&heading), self.columns).into_iter();
        self.paragraph(lines.map(|line| color(standing, &line).to_string()));
        self.yielding(Yields::Air, Paper::gap);
    }

    /// Writes what makes room for the drawing.
    fn yielding(&mut self, rank: Yields, write: impl FnOnce(&mut Self)) {
        let from = self.lines.len();
        write(self);
        self.yields.push((rank, from..self.lines.len()));
    }

    fn passed(&mut self, problem: &ProblemResult) {
        let outcomes = &problem.outcomes;
        let told = outcomes.iter().filter(|of| of.explored.is_none());
        let scenarios = [count(told.count(), "scenario")].into_iter();
        let all = scenarios
            .chain(world::schedules(outcomes))
            .chain(counterexample::explored(outcomes));
        let heading = format!("PASSED: {}", all.collect::<Vec<_>>().join(", "));
        self.lines
            .push(color(Standing::Passed, &heading).to_string());
        let mut told: Vec<&str> = Vec::new();
        for outcome in &problem.outcomes {
            let Verdict::Passed { property } = &outcome.verdict else {
                continue;
            };
            if !told.contains(&property.as_str()) {
                told.push(property);
                let text = wrap(&sentence(property), self.columns.saturating_sub(4));
                self.paragraph(text.iter().enumerate().map(|(row, line)| {
                    let mark = match row {
                        0 => "✓".green(),
                        _ => " ".normal(),
                    };
                    format!("  {mark} {line}")
                }));
            }
            for line in &outcome.observations {
                self.lines.push(format!("    {}", visible(line).dimmed()));
            }
        }
        for said in world::unsimulated(&problem.outcomes) {
            self.gap();
            self.text(&said);
        }
    }

    fn not_written(&mut self, gap: &str) {
        let are = if gap.contains(" and ") { "are" } else { "is" };
        let heading = sentence(&format!("{} {are} not written yet", visible(gap)));
        self.lines
            .push(color(Standing::NotWritten, &heading).to_string());
        self.gap();
        for gap in self.problem.gaps {
            for (file, line) in places_of(self.course, self.part, *gap) {
                let file = self.file(&file, Some(line));
                self.lines.push(format!("  {file}"));
            }
        }
        let training = self.training(&self.part.section(self.problem.anchor));
        self.lines.push(format!("  {training}"));
    }

    fn failure(&mut self, failure: &Failure) {
        self.yielding(Yields::Step, |paper| {
            paper.field("step", &sentence(&failure.step));
        });
        self.field("seen", &sentence(&failure.seen));
        self.yielding(Yields::Evidence, |paper| {
            for fact in &failure.evidence {
                paper.field("", &sentence(fact));
            }
        });
        self.yielding(Yields::Required, |paper| {
            paper.field("required", &sentence(&failure.expected));
        });
        if let Some(diagnosis) = &failure.diagnosis {
            self.yielding(Yields::Perhaps, |paper| {
                paper.field("perhaps", &sentence(&diagnosis.suggests));
            });
            self.yielding(Yields::WhatSuggestsSo, |paper| {
                paper.field("", &sentence(&diagnosis.evidence()));
            });
            self.yielding(Yields::Hint, |paper| {
                paper.field("", &paper.way_to_hint(diagnosis));
            });
        }
        if let Some(place) = &failure.place {
            self.yielding(Yields::Place, |paper| {
                let file = paper.file(&place.file, place.line);
                paper.styled("look at", &file);
            });
        }
        self.yielding(Yields::Training, |paper| {
            let given = paper.part.section(paper.problem.anchor);
            let training = paper.training(failure.section(Some(&given)).unwrap_or(&given));
            let name = match &failure.place {
                Some(_) => "",
                None => "look at",
            };
            paper.styled(name, &training);
        });
        if !failure.why.is_empty() {
            self.yielding(Yields::Because, |paper| {
                paper.field("because", &sentence(&failure.why));
            });
        }
        self.history(failure);
    }

    /// How to come to the hint that is about a mistake: `h` shows one more each time.
    fn way_to_hint(&self, diagnosis: &Diagnosis) -> String {
        if diagnosis.hint_of.is_some() {
            return diagnosis.way_to_hint(command_name(), self.part.name, self.problem.number);
        }
        let shows = match usize::from(diagnosis.hint).checked_sub(self.hints_shown) {
            None | Some(0) => "h shows it again",
            Some(1) => "h shows it",
            Some(2) => "h shows it, pressed twice",
            Some(_) => "h shows it, pressed three times",
        };
        format!("Hint {} is about it: {shows}.", diagnosis.hint)
    }

    /// What the nodes said, to each other and to their own stderr.
    fn history(&mut self, failure: &Failure) {
        if let Some(found) = &failure.counterexample {
            self.yielding(Yields::Air, Paper::gap);
            self.text(&counterexample::heading(found));
            for step in counterexample::steps(found) {
                self.text(&visible(&step));
            }
        }
        if !failure.sketch.is_empty() {
            self.yielding(Yields::Air, |paper| {
                paper.gap();
                paper.text("What the nodes sent to each other, and what the network did to it:");
                paper.gap();
            });
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
                self.paragraph(rows.iter().enumerate().map(|(row, text)| {
                    let mark = if row == 0 { "|" } else { " " };
                    format!("  {} {text}", mark.dimmed())
                }));
            }
        }
    }

    fn field(&mut self, name: &str, text: &str) {
        let text = visible(&shortened(text, LONGEST_TEXT));
        let lines = wrap(&text, self.columns.saturating_sub(FIELD));
        self.paragraph(lines.iter().enumerate().map(|(row, line)| {
            let name = if row == 0 { name } else { "" };
            named(name, line)
        }));
    }

    fn styled(&mut self, name: &str, line: &str) {
        self.lines.push(named(name, line));
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

    /// A section of the text, as its path from the current folder.
    fn training(&self, section: &str) -> String {
        let chapter = section.split('#').next().unwrap_or_default();
        let text = from_here(&self.course.root.join(section));
        let file = self.course.root.join(chapter);
        link(&visible(&text.to_string_lossy()), &file, None)
    }
}

/// Where there is something to write of a gap.
pub(super) fn places_of(course: &Course, part: &'static Part, gap: u8) -> Vec<(PathBuf, u32)> {
    let folder = course.exercise(part);
    let text = |file: &str| plain_file::read_text(&folder.join(file), MAX_TEXT).ok();
    let places = gaps::open_places(part.editable, gap, text);
    places
        .map(|(file, line)| (PathBuf::from(file), line))
        .collect()
}

fn named(name: &str, line: &str) -> String {
    format!("  {} {line}", format!("{name:<9}").dimmed())
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
            continued: BTreeSet::new(),
            drawn: 2..12,
            yields: Vec::new(),
            hints_shown: 0,
        };
        paper.fitted(room, "")
    }

    fn failure() -> Failure {
        let mut failure = Failure::new("n1 sends a ping", "n2 shows 5 instead of 4", "n2 shows 4")
            .because(
                "a reason that takes a line or two of a terminal that is only sixty columns wide",
            )
            .evidence("n1 was asked")
            .sketch((0..17).map(|row| format!("row {row}")).collect())
            .stderr("n2", vec!["panicked".into()]);
        failure.diagnosis = Some(Diagnosis {
            mistake: "a-mistake".into(),
            suggests: "It adds.".into(),
            because: "5 is 4 and 1".into(),
            training: "problem-1-broadcast".into(),
            hint: 2,
            hint_of: None,
        });
        failure
    }

    fn paper(course: &Course) -> Paper<'_> {
        colored::control::set_override(false);
        Paper {
            course,
            part: &crate::manifest::PARTS[0],
            problem: &crate::manifest::PARTS[0].problems[0],
            columns: 60,
            lines: vec!["FAILED: a title".into()],
            continued: BTreeSet::new(),
            drawn: 0..0,
            yields: Vec::new(),
            hints_shown: 0,
        }
    }

    #[test]
    fn each_todo_that_is_left_of_a_gap_is_named() {
        let root = tempfile::tempdir().unwrap();
        let mut course = Course::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        course.root = root.path().to_owned();
        let part = &crate::manifest::PARTS[0];
        let folder = course.exercise(part).join("src");
        std::fs::create_dir_all(&folder).unwrap();
        let gap = |title: &str, body: &str| format!("// ── gap 1: {title}\n{body}\n// ── end 1\n");
        let todo = "// TODO(1): what must hold\ntodo!(\"TODO(1) do it\")";
        let half = gap("a", "// TODO(1): what must hold\ndone();") + &gap("b", todo);
        std::fs::write(folder.join("producer.rs"), half).unwrap();
        std::fs::write(folder.join("consumer.rs"), gap("c", todo) + &gap("d", todo)).unwrap();
        let places = places_of(&course, paper(&course).part, 1);
        let expected = [("src/producer.rs", 6), ("src/consumer.rs", 2)];
        assert_eq!(
            places,
            expected.map(|(file, line)| (PathBuf::from(file), line))
        );
    }

    #[test]
    fn smallest_useful_drawing_always_fits_and_the_words_give_way() {
        let course = Course::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        for room in 11..60 {
            let mut paper = paper(&course);
            paper.failure(&failure());
            let lines = paper.fitted(room, ": f shows all");
            assert!(lines.len() <= room, "{lines:#?}");
            let has = |text: &str| lines.iter().any(|line| line.contains(text));
            assert!(
                has("FAILED: a title") && has("n2 shows 5 instead of 4"),
                "{lines:#?}"
            );
            // The heading of the drawing, and its last rows.
            assert!(has("row 0"), "{lines:#?}");
            let rows = lines.iter().filter(|line| line.contains("row ")).count();
            assert!(rows > DRAWN_AT_LEAST && has("row 16"), "{lines:#?}");
        }
        let mut paper = paper(&course);
        paper.failure(&failure());
        insta::assert_snapshot!(paper.fitted(14, ": f shows all").join("\n"), @"
        FAILED: a title
          step      n1 sends a ping.
          seen      n2 shows 5 instead of 4.
          required  n2 shows 4.
          perhaps   It adds.
          row 0
          … 10 earlier lines: f shows all
          row 11
          row 12
          row 13
          row 14
          row 15
          row 16
          … 10 more lines: f shows all
        ");
    }

    #[test]
    fn paragraph_begins_on_the_screen_or_is_not_there() {
        // Each word names its paragraph, and its place in it.
        let long = |name: char| (0..60).map(|at| format!("{name}{at} ")).collect::<String>();
        let mut failure = failure();
        failure.step = long('a');
        failure.seen = long('b');
        failure.evidence = vec![long('c'), long('d')];
        failure.expected = long('e');
        failure.why = long('f');
        if let Some(diagnosis) = &mut failure.diagnosis {
            diagnosis.suggests = long('g');
            diagnosis.because = long('h');
        }
        let course = Course::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        for (room, is_drawn) in (4..90).flat_map(|room| [(room, true), (room, false)]) {
            let mut paper = paper(&course);
            if !is_drawn {
                failure.sketch.clear();
            }
            paper.failure(&failure);
            let whole = paper.lines.clone();
            let lines = paper.fitted(room, ": f shows all");
            for name in 'a'..='h' {
                let is_of_it = |line: &&String| {
                    let mut words = line.split_whitespace();
                    words.any(|word| {
                        let number = word
                            .strip_prefix(name)
                            .map(|rest| rest.trim_end_matches('.'));
                        number.is_some_and(|number| number.parse::<u8>().is_ok())
                    })
                };
                let shown: Vec<&String> = lines.iter().filter(is_of_it).collect();
                let Some(last) = shown.last() else { continue };
                let all = whole.iter().filter(is_of_it);
                assert!(
                    shown[0].contains(&format!("{name}0 ")),
                    "{room}: {lines:#?}"
                );
                assert!(
                    shown.len() == all.count() || last.ends_with(" …"),
                    "{room}: {lines:#?}"
                );
            }
        }
    }

    #[test]
    fn hint_is_named_with_the_way_to_it() {
        let course = Course::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let mut paper = paper(&course);
        let mut diagnosis = failure().diagnosis.unwrap();
        let mut check = |shown: usize, hint: u8, expected: &str| {
            paper.hints_shown = shown;
            diagnosis.hint = hint;
            assert_eq!(paper.way_to_hint(&diagnosis), expected);
        };
        check(0, 1, "Hint 1 is about it: h shows it.");
        check(0, 2, "Hint 2 is about it: h shows it, pressed twice.");
        check(1, 2, "Hint 2 is about it: h shows it.");
        check(0, 3, "Hint 3 is about it: h shows it, pressed three times.");
        check(2, 1, "Hint 1 is about it: h shows it again.");
        check(3, 3, "Hint 3 is about it: h shows it again.");
    }

    #[test]
    fn end_of_the_drawing_is_shown_longest() {
        assert_eq!(shown(15).len(), 15);
        assert_eq!(shown(14)[12..], ["12", "  … 2 more lines"]);
        let few = shown(11);
        assert_eq!(
            few,
            [
                "0",
                "1",
                "  … 3 earlier lines",
                "5",
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
            "/course/training/part1.md",
            "/course/exercises/part1/src",
            "../../../training/part1.md",
        );
        check("/course/a.rs", "/home/me/some/where", "/course/a.rs");
    }
}
