//! The result as JSON, for programs. `docs/JSON.md` describes each field.

use serde::{Deserialize, Serialize};

use grader::part_report::{Graded, PartReport, Refused, Unwritten};
use grader::runs::Run;
use testkit::trace::Trace;
use testkit::trouble::{Result, While};
use testkit::verdict::{Outcome, ProblemResult, Standing};

/// The version of everything that is printed as JSON: raised when a field changes its meaning or
/// goes. New fields may come without that.
pub const SCHEMA: u32 = 1;

/// The whole of what `--json` prints.
#[derive(Debug, Serialize)]
pub struct JsonReport<'a> {
    /// The version of the format.
    pub schema: u32,
    /// The version of the checker.
    pub checker: &'static str,
    /// The word for everything.
    pub standing: Standing,
    /// What the process returns.
    pub exit_code: u8,
    /// Whether all that was ordered was done.
    pub complete: bool,
    /// The points of all parts.
    pub points: Points,
    /// The parts that were graded.
    pub parts: Vec<JsonPart<'a>>,
    /// What kept the checker from its work, a sentence each.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub troubles: &'a [String],
}

impl<'a> JsonReport<'a> {
    /// Sums parts up.
    pub fn new(standing: Standing, parts: &'a [PartReport], troubles: &'a [String]) -> Self {
        JsonReport {
            schema: SCHEMA,
            checker: env!("CARGO_PKG_VERSION"),
            standing,
            exit_code: standing.exit_code(),
            complete: troubles.is_empty() && parts.iter().all(|part| part.complete),
            points: Points::of(parts.iter().flat_map(|part| &part.problems)),
            parts: parts.iter().map(JsonPart::from).collect(),
            troubles,
        }
    }
}

/// A part, with its points.
#[derive(Debug, Serialize)]
pub struct JsonPart<'a> {
    part: &'a str,
    title: &'a str,
    graded: &'a Graded,
    seed: u64,
    repeat: u32,
    standing: Standing,
    complete: bool,
    points: Points,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a Refused>,
    problems: Vec<JsonProblem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    isolation: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
    #[serde(skip_serializing_if = "<[Unwritten]>::is_empty")]
    unwritten: &'a [Unwritten],
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

impl<'a> From<&'a PartReport> for JsonPart<'a> {
    fn from(report: &'a PartReport) -> Self {
        // Without `..`, so that a new field of the report cannot be forgotten here.
        let PartReport {
            part,
            title,
            graded,
            seed,
            repeat,
            refused,
            problems,
            isolation,
            simulated,
            unwritten,
            notes,
            run,
            standing,
            complete,
        } = report;
        JsonPart {
            part,
            title,
            graded,
            seed: *seed,
            repeat: *repeat,
            standing: *standing,
            complete: *complete,
            points: Points::of(problems),
            refused: refused.as_ref(),
            problems: problems.iter().map(JsonProblem::from).collect(),
            isolation: isolation.as_deref(),
            simulated: *simulated,
            unwritten,
            notes,
            run: run.as_ref().map(|run| run.display().to_string()),
        }
    }
}

#[derive(Debug, Serialize)]
struct JsonProblem<'a> {
    problem: u8,
    title: &'a str,
    optional: bool,
    standing: Standing,
    points: u8,
    earned: u8,
    scenarios: usize,
    scenarios_passed: usize,
    earned_by_scenario: Hundredths,
    outcomes: &'a [Outcome],
}

impl<'a> From<&'a ProblemResult> for JsonProblem<'a> {
    fn from(problem: &'a ProblemResult) -> Self {
        JsonProblem {
            problem: problem.problem,
            title: &problem.title,
            optional: problem.optional,
            standing: problem.standing,
            points: problem.points,
            earned: problem.earned(),
            scenarios: problem.scenarios,
            scenarios_passed: problem.scenarios_passed(),
            earned_by_scenario: Hundredths(problem.hundredths_by_scenario()),
            outcomes: &problem.outcomes,
        }
    }
}

/// Points of the problems that were graded: those that count, and those off the course's way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Points {
    /// What was earned with problems that count.
    pub earned: u32,
    /// What they are worth.
    pub of: u32,
    /// What was earned with optional ones.
    pub optional_earned: u32,
    /// What those are worth.
    pub optional_of: u32,
    /// What was earned with problems that count, if each scenario has its share.
    pub earned_by_scenario: Hundredths,
    /// The same of optional ones.
    pub optional_earned_by_scenario: Hundredths,
}

/// A number with two places behind the point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hundredths(pub u32);

impl std::fmt::Display for Hundredths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", f64::from(self.0) / 100.0)
    }
}

impl Serialize for Hundredths {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 100.0)
    }
}

impl<'de> Deserialize<'de> for Hundredths {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let number = (f64::deserialize(from)? * 100.0).round();
        Ok(Hundredths(number.clamp(0.0, f64::from(u32::MAX)) as u32))
    }
}

impl Points {
    /// Sums problems up.
    pub fn of<'p>(problems: impl IntoIterator<Item = &'p ProblemResult>) -> Points {
        let mut points = Points::default();
        for problem in problems {
            let (earned, of, by_scenario) = match problem.optional {
                true => (
                    &mut points.optional_earned,
                    &mut points.optional_of,
                    &mut points.optional_earned_by_scenario,
                ),
                false => (
                    &mut points.earned,
                    &mut points.of,
                    &mut points.earned_by_scenario,
                ),
            };
            *earned += u32::from(problem.earned());
            *of += u32::from(problem.points);
            by_scenario.0 += problem.hundredths_by_scenario();
        }
        points
    }

    /// As people read it: "40 of 60, and 5 of 10 for optional problems".
    pub fn in_words(&self) -> String {
        let counted = format!("{} of {}", self.earned, self.of);
        let optional = format!(
            "{} of {} for optional problems",
            self.optional_earned, self.optional_of
        );
        match (self.of, self.optional_of) {
            (_, 0) => counted,
            (0, _) => optional,
            _ => format!("{counted}, and {optional}"),
        }
    }
}

/// What `checker report --format json` prints: the report, and what happened in each scenario.
#[derive(Debug, Serialize)]
struct JsonRun<'a> {
    schema: u32,
    name: String,
    report: JsonPart<'a>,
    scenarios: Vec<JsonScenario<'a>>,
}

#[derive(Debug, Serialize)]
struct JsonScenario<'a> {
    outcome: &'a Outcome,
    traces: Vec<Trace>,
}

/// Writes down all that is known of a run, or of one scenario of it.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn run(run: &Run, report: &PartReport, only: Option<&Outcome>) -> Result<String> {
    let all = report.problems.iter().flat_map(|problem| &problem.outcomes);
    let outcomes: Vec<&Outcome> = match only {
        Some(only) => vec![only],
        None => all.collect(),
    };
    let run = JsonRun {
        schema: SCHEMA,
        name: run.name(),
        report: JsonPart::from(report),
        scenarios: outcomes
            .into_iter()
            .map(|outcome| JsonScenario {
                outcome,
                traces: run.traces(outcome),
            })
            .collect(),
    };
    pretty(&run)
}

/// JSON over several lines, with the last one ended.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn pretty(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value).or_trouble(|| "write the result as JSON")?;
    Ok(text + "\n")
}
