//! The report as a person reads it.
//!
//! A failure answers, in this order: which step; what the node did; what was required, and why;
//! where to look; what happened between the nodes; what the node itself said; and how to run
//! just this again.

use std::fmt::Write;

use colored::Colorize;
use runtime::terminal::{self, visible};

use super::counterexample;
use super::hyperlink::link_if_shown;
use super::json::Points;
use super::words::{color, cut, quoted, sentence, wrap};
use super::world;
use grader::part_report::{CodePlace, Graded, PartReport, Refused, count};
use grader::runs;
use testkit::part::Part;
use testkit::screen::width;
use testkit::trouble::{Result, While};
use testkit::verdict::{Failure, Outcome, ProblemResult, Standing, Verdict, World, at_line};

/// How much of what a node said is shown in a field, in characters.
const LONGEST_TEXT: usize = 1200;

/// How much of a line that a node wrote is shown, in characters.
const LONGEST_LINE: usize = 400;

/// Renders a part's report, as wide as the terminal suggests. `parts` are those of the course;
/// `command` is how the reader calls the checker: `checker`, or `cargo checker`.
pub fn render(report: &PartReport, parts: &[Part], command: &str) -> String {
    render_at(report, parts, command, width())
}

/// Renders a part's report at a width.
pub fn render_at(report: &PartReport, parts: &[Part], command: &str, width: usize) -> String {
    let part = report.of(parts);
    let next = part.and_then(|part| parts.iter().find(|next| next.number == part.number + 1));
    let mut page = Page {
        text: String::new(),
        width,
        report,
        part,
        next,
        command,
    };
    page.heading();
    match &report.refused {
        Some(refused) => page.refused(refused),
        None => page.problems(),
    }
    page.closing();
    page.text
}

/// How the reader calls this program.
pub fn command_name() -> &'static str {
    // Cargo tells the programs that it runs where it is itself.
    if std::env::var_os("CARGO").is_some() {
        "cargo checker"
    } else {
        "checker"
    }
}

/// Prints a text to standard output.
///
/// # Errors
/// When it could not be written, because the disk is full for example. That nobody reads any more
/// is no error.
pub fn print(text: impl std::fmt::Display) -> Result<()> {
    print_on(text).map(drop)
}

/// Prints a text, to be followed by others, and says whether a reader is still there.
///
/// # Errors
/// As for [`print()`].
pub fn print_on(text: impl std::fmt::Display) -> Result<bool> {
    terminal::print_on(text).or_trouble(|| "write to stdout")
}

/// Prints a text for programs to standard output, as it is.
///
/// # Errors
/// As for [`print()`].
pub fn print_for_programs(text: &str) -> Result<()> {
    terminal::write(text).or_trouble(|| "write to stdout")
}

/// The beginning of a text that is too long.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{} … (and so on)", &text[..end]),
        None => text.to_owned(),
    }
}

/// The command that repeats one outcome.
pub(super) fn again(report: &PartReport, outcome: &Outcome, command: &str) -> String {
    let source = match &report.graded {
        Graded::Exercise => String::new(),
        Graded::Solution => " --solution".into(),
        Graded::Submission(folder) => {
            format!(" --submission {}", quoted(&folder.to_string_lossy()))
        }
    };
    if outcome.is_played() {
        return format!(
            "{command} play {}{source} --seed {}",
            report.part, outcome.seed
        );
    }
    let world = match outcome.world {
        World::Simulated => " --world simulated --seeds 1",
        World::Processes => "",
    };
    format!(
        "{command} {}{source} --problem {} --seed {}{world}",
        report.part, outcome.problem, outcome.seed
    )
}

struct Page<'a> {
    text: String,
    width: usize,
    report: &'a PartReport,
    part: Option<&'a Part>,
    next: Option<&'a Part>,
    command: &'a str,
}

impl Page<'_> {
    fn heading(&mut self) {
        let report = self.report;
        let whose = report.graded.in_words();
        let number = self.part.map_or(0, |part| part.number);
        let heading = format!(
            "Part {number}, {}: {whose}, seed {}",
            report.title, report.seed
        );
        self.line(&format!("\n{}", heading.bold()));
        for note in &report.notes {
            let note = wrap(&visible(note), self.width - 8).join("\n        ");
            self.line(&format!("  note: {note}"));
        }
        self.line("");
    }

    fn refused(&mut self, refused: &Refused) {
        match refused {
            Refused::DoesNotCompile { rendered, places } => {
                for message in rendered {
                    self.line(message.trim_end());
                    self.line("");
                }
                let verdict = color(Standing::Failed, "The code does not compile.");
                self.line(&format!("{verdict} Nothing was run."));
                self.whose(places);
            }
            Refused::BreaksRules(breaches) => {
                self.line(
                    &color(
                        Standing::Failed,
                        "The submission is refused. Nothing was run.",
                    )
                    .to_string(),
                );
                for breach in breaches {
                    self.line(&format!("  - {}", visible(breach)));
                }
            }
        }
    }

    /// Says which of the files with errors are the learner's.
    fn whose(&mut self, places: &[CodePlace]) {
        for place in places {
            let file = at_line(&self.in_part(&place.file.to_string_lossy()), place.line);
            let whose = if place.editable {
                "yours".to_owned()
            } else if place.file.is_absolute() {
                "not part of the exercise".to_owned()
            } else if self.report.graded == Graded::Exercise {
                format!(
                    "given by the course; if you changed it, `{} reset {} --given` puts it back",
                    self.command, self.report.part
                )
            } else {
                "given by the course".to_owned()
            };
            self.line(&format!("  {file} is {whose}."));
        }
    }

    fn problems(&mut self) {
        for problem in &self.report.problems {
            self.summary(problem);
        }
        let problems = &self.report.problems;
        for problem in problems
            .iter()
            .filter(|problem| problem.standing != Standing::Passed)
        {
            self.details(problem);
        }
        self.demonstrated();
    }

    fn summary(&mut self, problem: &ProblemResult) {
        let seconds: f64 = problem
            .outcomes
            .iter()
            .map(|outcome| outcome.duration.as_secs_f64())
            .sum();
        let runs = problem.outcomes.len();
        let detail = match problem.standing {
            Standing::Passed => {
                let outcomes = &problem.outcomes;
                let told = outcomes.iter().filter(|of| of.explored.is_none());
                let scenarios = [count(told.count(), "scenario")].into_iter();
                let all = scenarios
                    .chain(world::schedules(outcomes))
                    .chain(counterexample::explored(outcomes));
                format!("{}, {seconds:.1} s", all.collect::<Vec<_>>().join(", "))
            }
            Standing::NotWritten => problem
                .outcomes
                .iter()
                .find_map(|outcome| match &outcome.verdict {
                    Verdict::NotWritten { gap } => {
                        let are = if gap.contains(" and ") { "are" } else { "is" };
                        Some(format!("{} {are} not written yet", visible(gap)))
                    }
                    _ => None,
                })
                .unwrap_or_default(),
            standing => {
                let such = problem
                    .outcomes
                    .iter()
                    .filter(|outcome| outcome.verdict.standing() == standing)
                    .count();
                let failed = if standing == Standing::Failed {
                    " failed"
                } else {
                    ""
                };
                format!("{such} of {}{failed}", count(runs, "scenario"))
            }
        };
        let repeats: usize = problem
            .outcomes
            .iter()
            .map(|outcome| outcome.repeats.len())
            .sum();
        let again = if repeats > 0 {
            format!("; {} after an inconclusive try", count(repeats, "repeat"))
        } else {
            String::new()
        };
        let optional = if problem.optional { ", optional" } else { "" };
        let standing = format!("{:<13}", problem.standing.word());
        let text = format!(
            "problem {}, {}{optional}: {detail}{again}",
            problem.problem, problem.title,
        );
        let indent = " ".repeat(2 + standing.len() + 1);
        let text = wrap(&text, self.width - indent.len()).join(&format!("\n{indent}"));
        self.line(&format!("  {} {text}", color(problem.standing, &standing)));
    }

    /// The first outcome in full, the others by their titles: who repairs the first often
    /// repairs them all.
    fn details(&mut self, problem: &ProblemResult) {
        let mut told = problem
            .outcomes
            .iter()
            .filter(|outcome| outcome.verdict.standing() == problem.standing);
        let Some(outcome) = told.next() else {
            self.line(&format!(
                "\nProblem {}: no scenario was run, so there is no verdict.",
                problem.problem
            ));
            return;
        };
        if problem.standing == Standing::NotWritten {
            return;
        }
        let place = format!("Problem {}, {}: ", problem.problem, problem.title);
        let verdict = problem.standing.word().to_uppercase();
        let heading = wrap(&format!("{place}{verdict}: {}", outcome.title), self.width).join("\n");
        let (place, verdict) = heading.split_at(place.len());
        let verdict = color(problem.standing, verdict);
        self.line(&format!("\n{place}{verdict}\n"));
        if let Some(said) = world::simulated_failure(outcome) {
            self.field("world", &said);
        }
        match &outcome.verdict {
            Verdict::Failed(failure) => match self.told_before(problem, failure) {
                Some(earlier) => {
                    self.field("seen", &sentence(&failure.seen));
                    self.field(
                        "",
                        &format!("It is the same as in problem {earlier}, above."),
                    );
                }
                None => self.failure(problem, failure),
            },
            Verdict::Inconclusive { why } => {
                self.field("why", &sentence(why));
                self.field("", world::of_inconclusive(outcome.world));
            }
            Verdict::CheckerFault { why } => {
                self.field("why", &sentence(why));
                self.field(
                    "",
                    "This is not about your code. Please report it with the command below.",
                );
            }
            Verdict::Passed { .. } | Verdict::NotWritten { .. } => {}
        }
        let mut others: Vec<&str> = told.map(|outcome| outcome.title.as_str()).collect();
        others.dedup();
        others.retain(|title| *title != outcome.title);
        self.line("");
        if !others.is_empty() {
            self.field(
                "also",
                &format!("{}: {}.", problem.standing.word(), others.join("; ")),
            );
        }
        let mut ways = counterexample::again(self.report, outcome, self.command);
        if ways.is_empty() {
            ways.push(("again", self.again(outcome)));
        }
        for (name, command) in ways {
            // Never broken into lines, or it could not be pasted.
            self.line(&format!(
                "  {} {}",
                format!("{name:<9}").dimmed(),
                visible(&command)
            ));
        }
    }

    /// The earlier problem whose details say the same already.
    fn told_before(&self, problem: &ProblemResult, failure: &Failure) -> Option<u8> {
        let earlier = self.report.problems.iter();
        earlier
            .take_while(|earlier| earlier.problem < problem.problem)
            .filter(|earlier| earlier.standing == Standing::Failed)
            .find(|earlier| {
                let first = earlier
                    .outcomes
                    .iter()
                    .find_map(|outcome| match &outcome.verdict {
                        Verdict::Failed(first) => Some(first),
                        _ => None,
                    });
                first.is_some_and(|first| {
                    first.seen == failure.seen && first.expected == failure.expected
                })
            })
            .map(|earlier| earlier.problem)
    }

    fn failure(&mut self, problem: &ProblemResult, failure: &Failure) {
        self.field("step", &sentence(&failure.step));
        self.field("seen", &sentence(&failure.seen));
        for fact in &failure.evidence {
            self.field("", &sentence(fact));
        }
        self.field("required", &sentence(&failure.expected));
        if !failure.why.is_empty() {
            self.field("because", &sentence(&failure.why));
        }
        if let Some(diagnosis) = &failure.diagnosis {
            self.field("perhaps", &sentence(&diagnosis.suggests));
            self.field("", &sentence(&diagnosis.evidence()));
            let part = &self.report.part;
            let way = diagnosis.way_to_hint(self.command, part, problem.problem);
            self.field("", &way);
        }
        if let Some(place) = &failure.place {
            let file = self.in_part(&place.file.to_string_lossy());
            let text = visible(&at_line(&file, place.line));
            let text = link_if_shown(&text, &file, place.line);
            // Never broken into lines, or it would lead nowhere.
            self.line(&format!("  {} {text}", "look at  ".dimmed()));
        }
        let given = self
            .part
            .and_then(|part| Some((part, part.problem(problem.problem)?)))
            .map(|(part, problem)| part.section(problem.anchor));
        if let Some(section) = failure.section(given.as_deref()) {
            self.field(
                if failure.place.is_some() {
                    ""
                } else {
                    "look at"
                },
                section,
            );
        }
        if let Some(found) = &failure.counterexample {
            self.line(&format!("\n  {}\n", counterexample::heading(found)));
            for step in counterexample::steps(found) {
                let step = wrap(&visible(&step), self.width - 8).join("\n        ");
                self.line(&format!("    {step}"));
            }
        }
        if !failure.sketch.is_empty() {
            self.line("\n  What the nodes sent to each other, and what the network did to it:\n");
            for line in &failure.sketch {
                self.line(&format!("    {}", visible(line)));
            }
        }
        if let Some(stderr) = &failure.stderr {
            self.line(&format!(
                "\n  The last lines that {} wrote to stderr:\n",
                stderr.node
            ));
            let mut lines = stderr.lines.iter().peekable();
            while let Some(line) = lines.next() {
                let mut again = 0;
                while lines.next_if_eq(&line).is_some() {
                    again += 1;
                }
                let line = visible(&shortened(line, LONGEST_LINE));
                self.line(&format!("    {} {line}", "|".dimmed()));
                if again > 0 {
                    let times = count(again, "more time");
                    self.line(&format!("    {} (the same, {times})", "|".dimmed()));
                }
            }
        }
    }

    /// What the passed scenarios have shown; each property once.
    fn demonstrated(&mut self) {
        let mut properties: Vec<(&str, &[String])> = Vec::new();
        for outcome in self
            .report
            .problems
            .iter()
            .flat_map(|problem| &problem.outcomes)
        {
            if let Verdict::Passed { property } = &outcome.verdict
                && !properties.iter().any(|(other, _)| other == property)
            {
                properties.push((property, &outcome.observations));
            }
        }
        if properties.is_empty() {
            return;
        }
        self.line("\nWhat this run demonstrated:\n");
        for (property, observations) in properties {
            let text = wrap(&sentence(property), self.width - 6).join("\n      ");
            self.line(&format!("  {} {text}", "✓".green()));
            for line in observations {
                // What is aligned cannot be broken at its words.
                let line = cut(&visible(line), self.width - 6);
                self.line(&format!("      {}", line.dimmed()));
            }
        }
        let problems = self.report.problems.iter();
        for said in world::unsimulated(problems.flat_map(|problem| &problem.outcomes)) {
            let said = wrap(&visible(&said), self.width - 2).join("\n  ");
            self.line(&format!("\n  {said}"));
        }
    }

    fn closing(&mut self) {
        let report = self.report;
        let points = Points::of(&report.problems);
        if points.of + points.optional_of > 0 {
            self.line(&format!("\nPoints: {}", points.in_words()));
        }
        if let Some(run) = &report.run {
            let page = run.join("report.html");
            self.line(&format!("\nReport: {}", page.display()));
            let kept = format!(
                "(The newest {} runs are kept, including those that a save started.)",
                runs::KEPT
            );
            self.line(&kept.dimmed().to_string());
        }
        let own = report.graded == Graded::Exercise;
        let not_written = report
            .problems
            .iter()
            .find(|problem| !problem.optional && problem.standing == Standing::NotWritten);
        if report.standing == Standing::Passed && own {
            let all = self.part.is_some_and(|part| {
                part.problems
                    .iter()
                    .filter(|problem| !problem.optional)
                    .all(|problem| {
                        report
                            .problems
                            .iter()
                            .any(|result| result.problem == problem.number)
                    })
            });
            let next = match self.next {
                _ if !all => self.next_problem(),
                Some(next) => format!(
                    "Next: {}, then `{} {}`.",
                    next.chapter, self.command, next.name
                ),
                None => format!(
                    "Next: `{} {} --solution` shows how the course's solution fares.",
                    self.command, report.part
                ),
            };
            self.line(&format!("\n{} {next}", color(Standing::Passed, "Passed.")));
        } else if let (Standing::NotWritten, Some(problem)) = (report.standing, not_written) {
            let section = self
                .part
                .and_then(|part| Some((part, part.problem(problem.problem)?)))
                .map_or(String::new(), |(part, problem)| {
                    part.section(problem.anchor)
                });
            let places = report
                .unwritten
                .iter()
                .filter(|place| place.problem == problem.problem);
            let places: String = places
                .map(|place| format!("  {}\n", at_line(&place.file, Some(place.line))))
                .collect();
            let places = match places.is_empty() {
                true => String::new(),
                false => format!("write the code at\n{places}"),
            };
            self.line(&format!(
                "\nNext: problem {}, {}. Read {section}, {places}then run\n`{} {} --problem {}`.",
                problem.problem, problem.title, self.command, report.part, problem.problem
            ));
        }
    }

    /// What to do when some of the problems were run, and all of these passed.
    fn next_problem(&self) -> String {
        let part = &self.report.part;
        let last = self.report.problems.last().map_or(0, |last| last.problem);
        match self.part.and_then(|part| part.problem(last + 1)) {
            Some(next) if !next.optional => format!(
                "Next: problem {}, {}: `{} {part} --problem {}`.",
                next.number, next.title, self.command, next.number
            ),
            _ => format!("Next: `{} {part}` runs the whole part.", self.command),
        }
    }

    fn again(&self, outcome: &Outcome) -> String {
        again(self.report, outcome, self.command)
    }

    fn in_part(&self, file: &str) -> String {
        self.report.in_course(self.part, file)
    }

    /// A field and its text, wrapped, under one another.
    fn field(&mut self, name: &str, text: &str) {
        let indent = " ".repeat(12);
        let text = visible(&shortened(text, LONGEST_TEXT));
        let wrapped = wrap(&text, self.width - 12).join(&format!("\n{indent}"));
        self.line(&format!("  {} {wrapped}", format!("{name:<9}").dimmed()));
    }

    fn line(&mut self, line: &str) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

#[cfg(test)]
mod tests;
