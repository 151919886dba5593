//! What course platforms read, each by its published contract.
//!
//! | platform | the result | where the student is not at fault |
//! |---|---|---|
//! | Gradescope | `results.json`: a test for each problem | no file, and an exit code: "the autograder failed" |
//! | PrairieLearn | `results.json`: `score` from 0 to 1 | `gradable` is false: no points, no attempt lost |
//! | Autolab | the last line of stdout: `scores` by problem | the problem has no score |
//! | Classroom 50 | `result.json`, `classroom50/result/v1` | no file, and an exit code: `status=error` |

pub mod upload;

use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::mark::{PartMark, ProblemMark};
use crate::pages::feedback::Hidden;
use crate::policy::Counted;
use grader::part_report::Refused;
use testkit::screen::shortened;
use testkit::verdict::{Outcome, Standing, Verdict, at_line};

/// The longest text of one problem. PrairieLearn takes 1 MB for all.
const MAX_OUTPUT: usize = 20_000;

/// A platform whose format is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// <https://gradescope-autograders.readthedocs.io>
    Gradescope,
    /// <https://prairielearn.readthedocs.io/en/latest/externalGrading/>
    PrairieLearn,
    /// <https://docs.autolabproject.com>
    Autolab,
    /// <https://github.com/foundation50/classroom50/wiki/Advanced-Autograding>
    Classroom50,
}

impl FromStr for Platform {
    type Err = String;

    fn from_str(name: &str) -> Result<Platform, String> {
        match name {
            "gradescope" => Ok(Platform::Gradescope),
            "prairielearn" => Ok(Platform::PrairieLearn),
            "autolab" => Ok(Platform::Autolab),
            "classroom50" => Ok(Platform::Classroom50),
            _ => Err("it must be gradescope, prairielearn, autolab or classroom50".to_owned()),
        }
    }
}

/// What Classroom 50 tells an autograder, and wants back.
#[derive(Debug, Clone, Default)]
pub struct Submitted {
    /// `CLASSROOM`.
    pub classroom: String,
    /// `ASSIGNMENT`.
    pub assignment: String,
    /// `SUBMISSION_TAG`.
    pub submission: String,
    /// `COMMIT_URL`.
    pub commit: String,
    /// `RELEASE_URL`.
    pub release: String,
    /// `REVIEW_URL`, or the commit's if there is none.
    pub review: String,
    /// Now, in UTC.
    pub datetime: String,
}

impl Submitted {
    /// Reads what the runner's environment says.
    ///
    /// # Errors
    /// The name of a variable that is missing.
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Submitted, String> {
        let wanted = |name: &str| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| name.to_owned())
        };
        let commit = wanted("COMMIT_URL")?;
        Ok(Submitted {
            classroom: wanted("CLASSROOM")?,
            assignment: wanted("ASSIGNMENT")?,
            submission: wanted("SUBMISSION_TAG")?,
            release: wanted("RELEASE_URL")?,
            review: wanted("REVIEW_URL").unwrap_or_else(|_| commit.clone()),
            commit,
            datetime: jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
        })
    }
}

/// What the platform is given, or `None` where it must be given no result, because the student is not at fault.
/// `finished` is false while the run goes on.
pub fn result(
    platform: Platform,
    part: &PartMark,
    hidden: &Hidden,
    submitted: &Submitted,
    points: Counted,
    finished: bool,
) -> Option<String> {
    match platform {
        Platform::Gradescope if finished && !part.is_final => None,
        Platform::Gradescope => Some(pretty(&gradescope(part, hidden, finished))),
        Platform::PrairieLearn => Some(pretty(&prairielearn(part, hidden))),
        Platform::Autolab => Some(autolab(part)),
        Platform::Classroom50 if !part.is_final => None,
        Platform::Classroom50 => Some(pretty(&classroom50(part, hidden, submitted, points))),
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// `4` and not `4.0`, where a number is whole.
fn number(hundredths: u32) -> Value {
    match hundredths % 100 {
        0 => json!(hundredths / 100),
        _ => json!(f64::from(hundredths) / 100.0),
    }
}

fn name(part: &PartMark, problem: &ProblemMark) -> String {
    let optional = if problem.optional { " (optional)" } else { "" };
    format!(
        "{} problem {}: {}{optional}",
        part.part, problem.problem, problem.title
    )
}

fn gradescope(part: &PartMark, hidden: &Hidden, finished: bool) -> Value {
    let tests: Vec<Value> = part
        .problems
        .iter()
        .map(|problem| {
            let passed = problem.standing == Standing::Passed;
            json!({
                "name": name(part, problem),
                "number": problem.problem.to_string(),
                "score": number(problem.earned.0),
                "max_score": number(problem.of.0),
                "status": if passed { "passed" } else { "failed" },
                "output": output(problem, hidden),
                "output_format": "text",
                "visibility": "visible",
            })
        })
        .collect();
    json!({
        "score": number(part.points.earned.0 + part.points.optional_earned.0),
        "output": overall(part, hidden, finished),
        "output_format": "text",
        "execution_time": part.seconds.round(),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    })
}

fn prairielearn(part: &PartMark, hidden: &Hidden) -> Value {
    let tests: Vec<Value> = part
        .problems
        .iter()
        .map(|problem| {
            json!({
                "name": name(part, problem),
                "description": problem.standing.word(),
                "points": number(problem.earned.0),
                "max_points": number(problem.of.0),
                "output": output(problem, hidden),
            })
        })
        .collect();
    let mut result = Map::new();
    result.insert(
        "gradable".into(),
        json!(part.is_final && part.refused.is_none()),
    );
    // Optional problems make up for others, and the score ends at 1.
    let earned = part.points.earned.0 + part.points.optional_earned.0;
    let score = f64::from(earned) / f64::from(part.points.of.0.max(1));
    result.insert("score".into(), json!(score.min(1.0)));
    result.insert("message".into(), json!(overall(part, hidden, true)));
    if !part.is_final || part.refused.is_some() {
        result.insert("format_errors".into(), json!([overall(part, hidden, true)]));
    }
    result.insert("tests".into(), json!(tests));
    Value::Object(result)
}

/// One line. A problem about which nothing can be said has no score, so that Autolab shows it as not graded.
fn autolab(part: &PartMark) -> String {
    let decided = part
        .problems
        .iter()
        .filter(|problem| !is_undecided(problem));
    let scores: Map<String, Value> = decided
        .map(|problem| {
            let name = format!("problem{}", problem.problem);
            (name, number(problem.earned.0))
        })
        .collect();
    json!({ "scores": scores }).to_string() + "\n"
}

fn is_undecided(problem: &ProblemMark) -> bool {
    matches!(
        problem.standing,
        Standing::Inconclusive | Standing::CheckerFault
    )
}

/// Its scores are whole numbers; with shares of points they count hundredths.
fn classroom50(part: &PartMark, hidden: &Hidden, submitted: &Submitted, points: Counted) -> Value {
    let unit = match points {
        Counted::Problem => 100,
        Counted::Scenario => 1,
    };
    let tests: Vec<Value> = part
        .problems
        .iter()
        .map(|problem| {
            json!({
                "test-name": name(part, problem),
                "passed": problem.standing == Standing::Passed,
                "score": problem.earned.0 / unit,
                "max-score": problem.of.0 / unit,
                "output": output(problem, hidden),
            })
        })
        .collect();
    let points = part.points;
    json!({
        "schema": "classroom50/result/v1",
        "classroom": submitted.classroom,
        "assignment": submitted.assignment,
        "submission": submitted.submission,
        "commit": submitted.commit,
        "release": submitted.release,
        "review": submitted.review,
        "datetime": submitted.datetime,
        "score": (points.earned.0 + points.optional_earned.0) / unit,
        "max-score": (points.of.0 + points.optional_of.0) / unit,
        "tests": tests,
    })
}

/// What is said of the whole part, also without a platform that shows it.
pub fn overall(part: &PartMark, hidden: &Hidden, finished: bool) -> String {
    if !finished {
        return "The checker is still running. Problems that it has not finished have no points yet.".to_owned();
    }
    if !part.handed_in {
        return format!("No file of {} was handed in.", part.part);
    }
    match &part.refused {
        Some(Refused::DoesNotCompile { rendered, .. }) => {
            let errors = shortened(&hidden.plain(&rendered.join("\n")), MAX_OUTPUT);
            return format!("The code does not compile, so nothing was run.\n\n{errors}");
        }
        Some(Refused::BreaksRules(breaches)) => {
            let breaches = shortened(&hidden.plain(&breaches.join("\n")), MAX_OUTPUT);
            return format!("What was handed in cannot be graded.\n\n{breaches}");
        }
        None => {}
    }
    if !part.is_final {
        return "The checker could not decide, which is not your program's fault. There is no grade yet: please tell the course staff."
            .to_owned();
    }
    format!("{} of {} points.", part.points.earned, part.points.of)
}

/// What is said of a problem, as text.
fn output(problem: &ProblemMark, hidden: &Hidden) -> String {
    let told: Vec<String> = problem.not_passed().take(3).map(outcome).collect();
    match told.as_slice() {
        [] if problem.scenarios == 0 => "Nothing was run.".to_owned(),
        [] => format!(
            "{} of {} scenarios passed.",
            problem.scenarios_passed, problem.scenarios
        ),
        told => shortened(&hidden.plain(&told.join("\n\n")), MAX_OUTPUT),
    }
}

fn outcome(outcome: &Outcome) -> String {
    let head = format!("{}: {}", outcome.word(), outcome.title);
    match &outcome.verdict {
        Verdict::Failed(failure) => {
            let place = failure.place.as_ref().map(|place| {
                let place = at_line(&place.file.to_string_lossy(), place.line);
                format!("\nWhere to look: {place}")
            });
            let cause = failure.diagnosis.as_ref();
            let cause = cause.map(|cause| format!("\nLikely cause: {}", cause.suggests));
            format!(
                "{head}\nStep: {}\nExpected: {}\nWhat happened: {}\nWhy it matters: {}{}{}",
                failure.step,
                failure.expected,
                failure.seen,
                failure.why,
                cause.unwrap_or_default(),
                place.unwrap_or_default()
            )
        }
        Verdict::NotWritten { gap } => format!("{head}\nYour submission has no code at {gap}."),
        Verdict::Inconclusive { why } | Verdict::CheckerFault { why } => format!("{head}\n{why}"),
        Verdict::Passed { property } => format!("{head}\n{property}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::tests::{PART, all, attempt, failed, inconclusive, mark, passed};
    use crate::policy::Policy;

    fn given(platform: Platform, part: &PartMark) -> Option<Value> {
        given_points(platform, part, Counted::Problem)
    }

    fn given_points(platform: Platform, part: &PartMark, points: Counted) -> Option<Value> {
        let variable = |name: &str| (name != "REVIEW_URL").then(|| format!("value of {name}"));
        let submitted = Submitted::from_environment(variable).unwrap();
        let text = result(platform, part, &Hidden::default(), &submitted, points, true)?;
        Some(serde_json::from_str(&text).unwrap())
    }

    fn of(came_out: fn(&str) -> Outcome) -> PartMark {
        mark(&[all("ada", came_out)], &Policy::default())
    }

    /// Everything up to problem 2 passed, and the rest failed.
    fn half() -> PartMark {
        let outcomes: Vec<Outcome> = PART
            .scenarios
            .iter()
            .map(|one| {
                if one.problem <= 2 {
                    passed(one.id)
                } else {
                    failed(one.id)
                }
            })
            .collect();
        mark(&[attempt("ada", 1, &outcomes)], &Policy::default())
    }

    fn refused() -> PartMark {
        let mut refused = attempt("ada", 1, &[]);
        let rendered = vec!["error[E0425]".to_owned()];
        refused.report.refuse(Refused::DoesNotCompile {
            rendered,
            places: vec![],
        });
        mark(&[refused], &Policy::default())
    }

    #[test]
    fn gradescope_gets_a_test_for_each_problem() {
        let result = given(Platform::Gradescope, &half()).unwrap();
        assert_eq!(result["score"], 20);
        assert_eq!(result["output_format"], "text");
        assert_eq!(result["visibility"], "visible");
        assert_eq!(result["stdout_visibility"], "hidden");
        assert!(result["execution_time"].is_number());
        let tests = result["tests"].as_array().unwrap();
        assert_eq!(tests.len(), PART.problems.len());
        for test in tests {
            let mut fields: Vec<&str> = test
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            fields.sort_unstable();
            let published = [
                "max_score",
                "name",
                "number",
                "output",
                "output_format",
                "score",
                "status",
                "visibility",
            ];
            assert_eq!(fields, published);
            assert!(["passed", "failed"].contains(&test["status"].as_str().unwrap()));
        }
        assert_eq!(
            (&tests[0]["score"], &tests[0]["max_score"]),
            (&json!(10), &json!(10))
        );
        assert_eq!(tests[2]["score"], 0);
        assert!(
            tests[2]["output"]
                .as_str()
                .unwrap()
                .contains("Expected: n2 shows 1")
        );
    }

    #[test]
    fn gradescope_has_a_partial_file_while_the_run_goes_on() {
        let part = of(inconclusive);
        let hidden = Hidden::default();
        let partial = result(
            Platform::Gradescope,
            &part,
            &hidden,
            &Submitted::default(),
            Counted::Problem,
            false,
        );
        assert!(partial.unwrap().contains("still running"));
    }

    #[test]
    fn prairielearn_gets_a_score_between_0_and_1() {
        let score = |part: &PartMark| given(Platform::PrairieLearn, part).unwrap()["score"].clone();
        assert_eq!(score(&half()), 0.5);
        assert_eq!(score(&of(passed)), 1.0);
        let result = given(Platform::PrairieLearn, &half()).unwrap();
        assert_eq!(result["gradable"], true);
        let test = &result["tests"][2];
        assert_eq!(
            (&test["points"], &test["max_points"]),
            (&json!(0), &json!(10))
        );
        let not_compiled = given(Platform::PrairieLearn, &refused()).unwrap();
        assert_eq!(not_compiled["gradable"], false);
        assert!(
            not_compiled["format_errors"][0]
                .as_str()
                .unwrap()
                .contains("E0425")
        );
    }

    #[test]
    fn prairielearn_result_is_smaller_than_a_megabyte() {
        let mut long = all("ada", failed);
        for problem in &mut long.report.problems {
            for outcome in &mut problem.outcomes {
                if let Verdict::Failed(failure) = &mut outcome.verdict {
                    failure.seen = "x".repeat(1 << 20);
                }
            }
        }
        let part = mark(&[long], &Policy::default());
        let text = given(Platform::PrairieLearn, &part).unwrap().to_string();
        assert!(text.len() < 1_000_000, "{}", text.len());
    }

    #[test]
    fn autolab_gets_scores_by_problem_in_one_line() {
        let hidden = Hidden::default();
        let line = result(
            Platform::Autolab,
            &half(),
            &hidden,
            &Submitted::default(),
            Counted::Problem,
            true,
        )
        .unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let scores: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(scores["scores"]["problem1"], 10);
        assert_eq!(scores["scores"]["problem3"], 0);
    }

    #[test]
    fn classroom50_gets_what_its_schema_wants() {
        let result = given(Platform::Classroom50, &half()).unwrap();
        let mut fields: Vec<&str> = result
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        fields.sort_unstable();
        let published = [
            "assignment",
            "classroom",
            "commit",
            "datetime",
            "max-score",
            "release",
            "review",
            "schema",
            "score",
            "submission",
            "tests",
        ];
        assert_eq!(fields, published);
        assert_eq!(result["schema"], "classroom50/result/v1");
        assert_eq!(result["review"], "value of COMMIT_URL");
        assert_eq!(
            (&result["score"], &result["max-score"]),
            (&json!(20), &json!(50))
        );
        let test = &result["tests"][0];
        assert_eq!(
            (&test["passed"], &test["score"], &test["max-score"]),
            (&json!(true), &json!(10), &json!(10))
        );
        assert!(test["test-name"].is_string());
        let missing = Submitted::from_environment(|_| None).unwrap_err();
        assert_eq!(missing, "COMMIT_URL");
    }

    #[test]
    fn classroom50_gets_whole_numbers_also_for_shares_of_points() {
        let outcomes = PART
            .scenarios
            .iter()
            .filter(|one| one.problem == 1)
            .enumerate();
        let outcomes: Vec<Outcome> = outcomes
            .map(|(place, one)| {
                if place == 0 {
                    failed(one.id)
                } else {
                    passed(one.id)
                }
            })
            .collect();
        let policy = Policy {
            points: Counted::Scenario,
            ..Policy::default()
        };
        let part = mark(&[attempt("ada", 1, &outcomes)], &policy);
        let result = given_points(Platform::Classroom50, &part, policy.points).unwrap();
        assert!(
            result["score"].is_u64() && result["max-score"] == 5000,
            "{result:#}"
        );
    }

    #[test]
    fn no_platform_blames_the_student_for_what_is_inconclusive() {
        let part = of(inconclusive);
        assert_eq!(given(Platform::Gradescope, &part), None);
        assert_eq!(given(Platform::Classroom50, &part), None);
        assert_eq!(
            given(Platform::PrairieLearn, &part).unwrap()["gradable"],
            false
        );
        let line = given(Platform::Autolab, &part).unwrap();
        assert_eq!(line["scores"], json!({}));
    }
}
