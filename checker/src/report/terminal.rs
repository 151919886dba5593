//! The report as a person reads it.
//!
//! A failure answers, in this order: which step; what the node did; what was required, and why;
//! where to look; what happened between the nodes; what the node itself said; and how to run
//! just this again.

use std::fmt::Write;

use colored::{ColoredString, Colorize};

use super::{CodePlace, Graded, PartReport, Refused};
use crate::manifest::{self, Part};
use crate::verdict::{Failure, Outcome, ProblemResult, Standing, Verdict};

/// How wide text is set.
const WIDTH: usize = 96;

/// Renders a part's report. `command` is how the reader calls the checker: `checker`, or
/// `cargo checker`.
pub fn render(report: &PartReport, command: &str) -> String {
    let part = manifest::part(report.part);
    let mut page = Page {
        text: String::new(),
        report,
        part,
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

/// Colours text after a standing.
pub(super) fn colour(standing: Standing, text: &str) -> ColoredString {
    match standing {
        Standing::Passed => text.green(),
        Standing::Failed => text.red().bold(),
        Standing::Inconclusive => text.yellow(),
        Standing::NotWritten => text.cyan(),
        Standing::CheckerFault => text.magenta().bold(),
    }
}

/// Turns a fragment into a sentence.
pub(super) fn sentence(fragment: &str) -> String {
    let fragment = fragment.trim_end();
    let mut letters = fragment.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let end = if fragment.ends_with(['.', '!', '?', ':', '…', '`', '"']) {
        ""
    } else {
        "."
    };
    // A name such as n1 stays as it is.
    let first_word = fragment.split(' ').next().unwrap_or_default();
    if first_word.contains(|c: char| c.is_ascii_digit() || "@_`(\"".contains(c)) {
        format!("{fragment}{end}")
    } else {
        format!("{}{}{end}", first.to_uppercase(), letters.as_str())
    }
}

struct Page<'a> {
    text: String,
    report: &'a PartReport,
    part: Option<&'static Part>,
    command: &'a str,
}

impl Page<'_> {
    fn heading(&mut self) {
        let report = self.report;
        let whose = match &report.graded {
            Graded::Exercise => "your code".to_owned(),
            Graded::Solution => "the course's solution".to_owned(),
            Graded::Submission(folder) => format!("the submission in {}", folder.display()),
        };
        let number = self.part.map_or(0, |part| part.number);
        let heading = format!(
            "Part {number}, {}: {whose}, seed {}",
            report.title, report.seed
        );
        self.line(&format!("\n{}", heading.bold()));
        for note in &report.notes {
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
                let verdict = colour(Standing::Failed, "The code does not compile.");
                self.line(&format!("{verdict} Nothing was run."));
                self.whose(places);
            }
            Refused::BreaksRules(breaches) => {
                self.line(
                    &colour(
                        Standing::Failed,
                        "The submission is refused. Nothing was run.",
                    )
                    .to_string(),
                );
                for breach in breaches {
                    self.line(&format!("  - {breach}"));
                }
            }
        }
    }

    /// Says which of the files with errors are the learner's.
    fn whose(&mut self, places: &[CodePlace]) {
        for place in places {
            let line = place.line.map_or(String::new(), |line| format!(":{line}"));
            let file = format!("{}{line}", self.in_part(&place.file.to_string_lossy()));
            let whose = if place.editable {
                "yours"
            } else if place.file.is_absolute() {
                "not part of the exercise"
            } else {
                "given by the course; if you changed it, `git restore` brings the course's version back"
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
            Standing::Passed => format!("{} in {seconds:.1} s", count(runs, "scenario")),
            Standing::NotWritten => problem
                .outcomes
                .iter()
                .find_map(|outcome| match &outcome.verdict {
                    Verdict::NotWritten { gap } => Some(format!("{gap} is not written yet")),
                    _ => None,
                })
                .unwrap_or_default(),
            standing => {
                let such = problem
                    .outcomes
                    .iter()
                    .filter(|outcome| outcome.verdict.standing() == standing)
                    .count();
                format!("{such} of {}", count(runs, "scenario"))
            }
        };
        let repeats: usize = problem
            .outcomes
            .iter()
            .map(|outcome| outcome.repeats.len())
            .sum();
        let again = if repeats > 0 {
            format!(", {} after an inconclusive try", count(repeats, "repeat"))
        } else {
            String::new()
        };
        let optional = if problem.optional { ", optional" } else { "" };
        self.line(&format!(
            "  {}  problem {}, {}{optional}: {detail}{again}",
            colour(
                problem.standing,
                &format!("{:<13}", problem.standing.word())
            ),
            problem.problem,
            problem.title,
        ));
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
                "\nProblem {}: no scenario was run, so nothing can be said.",
                problem.problem
            ));
            return;
        };
        if problem.standing == Standing::NotWritten {
            return;
        }
        let heading = format!(
            "{}: {}",
            problem.standing.word().to_uppercase(),
            outcome.title
        );
        let heading = colour(problem.standing, &heading);
        self.line(&format!(
            "\nProblem {}, {}: {heading}\n",
            problem.problem, problem.title
        ));
        match &outcome.verdict {
            Verdict::Failed(failure) => self.failure(problem, failure),
            Verdict::Inconclusive { why } => {
                self.field("why", &sentence(why));
                self.field("", "This says nothing about your code. On a machine with less to do it may well pass.");
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
        if !others.is_empty() {
            self.field(
                "also",
                &format!("{}: {}.", problem.standing.word(), others.join("; ")),
            );
        }
        self.line("");
        self.field("again", &self.again(outcome));
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
        if let Some(place) = &failure.place {
            let line = place.line.map_or(String::new(), |line| format!(":{line}"));
            self.field(
                "look at",
                &format!("{}{line}", self.in_part(&place.file.to_string_lossy())),
            );
        }
        let given = self
            .part
            .and_then(|part| part.problem(problem.problem))
            .map(|problem| problem.anchor);
        if let Some(anchor) = failure.training.as_deref().or(given) {
            self.field(
                if failure.place.is_some() {
                    ""
                } else {
                    "look at"
                },
                &format!("TRAINING.md#{anchor}"),
            );
        }
        if !failure.sketch.is_empty() {
            self.line("\n  What the nodes said to each other, and what the network did to it:\n");
            for line in &failure.sketch {
                self.line(&format!("    {line}"));
            }
        }
        if let Some(stderr) = &failure.stderr {
            self.line(&format!(
                "\n  The last lines that {} wrote to stderr:\n",
                stderr.node
            ));
            for line in &stderr.lines {
                self.line(&format!("    {} {line}", "|".dimmed()));
            }
        }
    }

    /// What the passed scenarios have shown; each property once.
    fn demonstrated(&mut self) {
        let mut properties: Vec<&str> = Vec::new();
        for outcome in self
            .report
            .problems
            .iter()
            .flat_map(|problem| &problem.outcomes)
        {
            if let Verdict::Passed { property } = &outcome.verdict
                && !properties.contains(&property.as_str())
            {
                properties.push(property);
            }
        }
        if properties.is_empty() {
            return;
        }
        self.line("\nWhat has just been demonstrated:\n");
        for property in properties {
            let text = wrap(&sentence(property), WIDTH - 6).join("\n      ");
            self.line(&format!("  {} {text}", "✓".green()));
        }
    }

    fn closing(&mut self) {
        let report = self.report;
        if let Some(folder) = &report.kept {
            self.line(&format!("\nLogs and record are in {}.", folder.display()));
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
            let next = match self.part.and_then(Part::next) {
                _ if !all => format!(
                    "Next: `{} {}` runs the whole part.",
                    self.command, report.part
                ),
                Some(next) => format!(
                    "Next: TRAINING.md#{}, then `{} {}`.",
                    next.anchor, self.command, next.name
                ),
                None => format!(
                    "Next: `{} {} --solution` shows how the course's solution fares.",
                    self.command, report.part
                ),
            };
            self.line(&format!("\n{} {next}", colour(Standing::Passed, "Passed.")));
        } else if let (Standing::NotWritten, Some(problem)) = (report.standing, not_written) {
            let anchor = self
                .part
                .and_then(|part| part.problem(problem.problem))
                .map_or("", |problem| problem.anchor);
            self.line(&format!(
                "\nNext: problem {}, {}. It is described in TRAINING.md#{anchor}; then `{} {} --problem {}`.",
                problem.problem, problem.title, self.command, report.part, problem.problem
            ));
        }
    }

    /// The command that repeats one outcome.
    fn again(&self, outcome: &Outcome) -> String {
        let source = match &self.report.graded {
            Graded::Exercise => String::new(),
            Graded::Solution => " --solution".into(),
            Graded::Submission(folder) => format!(" --submission {}", folder.display()),
        };
        format!(
            "{} {}{source} --problem {} --seed {}",
            self.command, self.report.part, outcome.problem, outcome.seed
        )
    }

    /// A file of the exercise, as seen from the course's root.
    fn in_part(&self, file: &str) -> String {
        let above = match &self.report.graded {
            Graded::Exercise => "exercises",
            Graded::Solution => "solutions",
            Graded::Submission(_) => return file.to_owned(),
        };
        match self.part {
            Some(part) if file.starts_with("src/") => format!("{above}/{}/{file}", part.folder),
            _ => file.to_owned(),
        }
    }

    /// A field and its text, wrapped, under one another.
    fn field(&mut self, name: &str, text: &str) {
        let indent = " ".repeat(12);
        let wrapped = wrap(text, WIDTH - 12).join(&format!("\n{indent}"));
        self.line(&format!("  {} {wrapped}", format!("{name:<9}").dimmed()));
    }

    fn line(&mut self, line: &str) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

/// Breaks text into lines of a width, at spaces only; lines that are there already stay.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for given in text.lines() {
        let mut line = String::new();
        for word in given.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}
