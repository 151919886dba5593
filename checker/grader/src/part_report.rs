//! What is known about one part after a run, as data.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

use crate::building::Diagnostic;
use testkit::part::Part;
use testkit::verdict::{Outcome, PLAYED, ProblemResult, Standing, at_line, overall};

/// How many warnings of the compiler are told.
const WARNINGS: usize = 3;

/// Everything that is known about one part after a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartReport {
    /// The part's command: `part1`.
    pub part: String,
    /// What people call it.
    pub title: String,
    /// Whose code was graded.
    pub graded: Graded,
    /// The seed of the run.
    pub seed: u64,
    /// How often everything was run.
    pub repeat: u32,
    /// Why there was nothing to run, if there was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// What became of each problem.
    pub problems: Vec<ProblemResult>,
    /// What walled a submission in while it was built and ran: `bubblewrap` or `none`. Missing where
    /// the code was the course's own, or the learner's at home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// Whether the scenarios ran in virtual time, and not on real processes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// Where there is code to write, by problem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unwritten: Vec<Unwritten>,
    /// What else a reader should know, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The run's folder, with logs, traces and the page that shows it all; missing when it could
    /// not be made.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "some_as_shown"
    )]
    pub run: Option<PathBuf>,
    /// The word for it all.
    pub standing: Standing,
    /// Whether the run came to its end. If not, what was not finished is inconclusive.
    #[serde(default = "yes")]
    pub complete: bool,
}

/// Reports of older checkers are of runs that came to their end.
fn yes() -> bool {
    true
}

/// A place at which code is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwritten {
    /// The problem that needs it.
    pub problem: u8,
    /// The number of its gap.
    pub gap: u8,
    /// The file, from the course's root where it lies inside.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// Whose code was graded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Graded {
    /// The learner's own, in the course's folder.
    Exercise,
    /// The course's solution.
    Solution,
    /// What lies in a folder.
    Submission(#[serde(serialize_with = "as_shown")] PathBuf),
}

/// Writes a path as people see it: one that is not UTF-8 is no reason to lose a report.
fn as_shown<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
}

fn some_as_shown<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => as_shown(path, to),
        None => to.serialize_none(),
    }
}

impl Graded {
    /// As a heading tells it: "your code".
    pub fn in_words(&self) -> String {
        match self {
            Graded::Exercise => "your code".to_owned(),
            Graded::Solution => "the course's solution".to_owned(),
            Graded::Submission(folder) => format!("the submission in {}", folder.display()),
        }
    }
}

/// Why nothing was run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The compiler refused the code.
    DoesNotCompile {
        /// As cargo shows it.
        rendered: Vec<String>,
        /// The files that the errors are in: which, the line, and whose file it is.
        places: Vec<CodePlace>,
    },
    /// The submission does not keep the rules; a sentence for each breach.
    BreaksRules(Vec<String>),
}

/// A place that the compiler complained about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodePlace {
    /// The file, relative to the part's folder where it lies inside.
    pub file: PathBuf,
    /// The line.
    pub line: Option<u32>,
    /// Whether a learner may edit the file.
    pub editable: bool,
}

impl Refused {
    /// The report of errors of the compiler.
    pub fn does_not_compile(part: &Part, errors: &[Diagnostic]) -> Refused {
        let mut places: Vec<CodePlace> = Vec::new();
        for error in errors {
            let Some(file) = &error.file else { continue };
            let place = CodePlace {
                file: file.clone(),
                line: error.line,
                editable: part.is_learners(file),
            };
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Refused::DoesNotCompile {
            rendered: errors.iter().map(|error| error.rendered.clone()).collect(),
            places,
        }
    }
}

impl PartReport {
    /// A report of a run that ran, or was refused before.
    pub fn new(part: &Part, graded: Graded, seed: u64, repeat: u32) -> PartReport {
        PartReport {
            part: part.name.to_owned(),
            title: part.title.to_owned(),
            graded,
            seed,
            repeat,
            refused: None,
            problems: Vec::new(),
            isolation: None,
            simulated: false,
            unwritten: Vec::new(),
            notes: Vec::new(),
            run: None,
            standing: Standing::CheckerFault,
            complete: true,
        }
    }

    /// The part that it is of, if it is one of these.
    pub fn of<'p>(&self, parts: &'p [Part]) -> Option<&'p Part> {
        parts.iter().find(|part| part.name == self.part)
    }

    /// A file of the part, as seen from the course's root.
    pub fn in_course(&self, part: Option<&Part>, file: &str) -> String {
        let above = match &self.graded {
            Graded::Exercise => "exercises",
            Graded::Solution => "solutions",
            Graded::Submission(_) => return file.to_owned(),
        };
        match part {
            Some(part) if file.starts_with("src/") => format!("{above}/{}/{file}", part.folder),
            _ => file.to_owned(),
        }
    }

    /// Enters what the compiler warned about. The exercises allow what is unused for want of code,
    /// so what is left, a future that nobody awaits above all, may well be why a run fails.
    pub fn warn(&mut self, part: &Part, warnings: &[Diagnostic]) {
        for warning in warnings.iter().take(WARNINGS) {
            let place = warning.file.as_ref().map(|file| {
                let file = self.in_course(Some(part), &file.to_string_lossy());
                format!(" in {}", at_line(&file, warning.line))
            });
            self.notes.push(format!(
                "the compiler warns{}: {}.",
                place.unwrap_or_default(),
                warning.brief
            ));
        }
        if let Some(more @ 1..) = warnings.len().checked_sub(WARNINGS) {
            let more = count(more, "more warning");
            self.notes
                .push(format!("the compiler has {more}; -v shows all."));
        }
    }

    /// Whether it is of a session of `checker play`, which nobody judged.
    pub fn is_played(&self) -> bool {
        let mut outcomes = self.problems.iter().flat_map(|problem| &problem.outcomes);
        outcomes.clone().next().is_some() && outcomes.all(Outcome::is_played)
    }

    /// The word for it all.
    pub fn word(&self) -> &'static str {
        if self.is_played() {
            PLAYED
        } else {
            self.standing.word()
        }
    }

    /// Enters why nothing was run.
    pub fn refuse(&mut self, why: Refused) {
        self.refused = Some(why);
        self.standing = Standing::Failed;
    }

    /// Enters what became of the problems.
    pub fn conclude(&mut self, problems: Vec<ProblemResult>) {
        self.standing = if problems.is_empty() {
            Standing::CheckerFault
        } else {
            overall(&problems)
        };
        self.problems = problems;
    }
}

/// A number and what it counts: "1 problem", "2 problems".
pub fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
