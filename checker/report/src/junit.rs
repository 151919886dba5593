//! The result as JUnit XML, which course platforms and continuous integration show.
//!
//! A problem is a test suite, a scenario a test case.
//!
//! - *Failed* is a failure, with the story as its text.
//! - *Inconclusive* is an error, not a skipped test: most tools count what is skipped as harmless,
//!   and a result of which nothing can be said must never look like a pass.
//! - *Not written* is skipped: nobody has tried yet.
//! - A fault of the checker is an error, and so is code that does not compile.
//!
//! The file keeps to what Jenkins and Surefire allow in theirs, since some platforms refuse the rest:
//! no properties of a test case, for one. What would be in them stands in its `system-out`.

use std::fmt::Write;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::counterexample;
use super::json::Hundredths;
use super::world;
use grader::part_report::{PartReport, Refused};
use testkit::isolation::NOT_ISOLATED;
use testkit::trouble::{Result, While};
use testkit::verdict::{Failure, Outcome, ProblemResult, Verdict, at_line};

/// Writes the reports of parts as one file. What kept the checker from grading is an error.
///
/// # Errors
/// When it cannot be written as XML.
pub fn xml(parts: &[PartReport], troubles: &[String]) -> Result<String> {
    let mut report = Report::new("checker");
    for part in parts {
        if let Some(refused) = &part.refused {
            report.add_test_suite(refused_suite(part, refused));
        }
        for problem in &part.problems {
            report.add_test_suite(suite(part, problem));
        }
    }
    if !troubles.is_empty() {
        let mut suite = TestSuite::new("checker");
        for trouble in troubles {
            let status = not_passed(NonSuccessKind::Error, "checker fault", trouble, trouble);
            suite.add_test_case(case("checker", "the checker does its work", status));
        }
        report.add_test_suite(suite);
    }
    let xml = report
        .to_string()
        .or_trouble(|| "write the result as XML")?;
    // The root comes first. Only suites may say how many were skipped.
    let sum_of_skipped = format!(" skipped=\"{}\"", report.skipped);
    Ok(xml.replacen(&sum_of_skipped, "", 1))
}

fn suite(part: &PartReport, problem: &ProblemResult) -> TestSuite {
    let name = format!(
        "{} problem {}: {}",
        part.part, problem.problem, problem.title
    );
    let mut suite = TestSuite::new(text(&name));
    let properties = [
        ("seed", part.seed.to_string()),
        ("points", problem.points.to_string()),
        ("earned", problem.earned().to_string()),
        (
            "earned_by_scenario",
            Hundredths(problem.hundredths_by_scenario()).to_string(),
        ),
        ("optional", problem.optional.to_string()),
        // As JSON has it.
        ("standing", problem.standing.word().replace(' ', "_")),
    ];
    for (name, value) in properties {
        suite.add_property(Property::new(name, value));
    }
    say_isolation(&mut suite, part);
    let class = format!("{}.problem{}", part.part, problem.problem);
    let mut seconds = std::time::Duration::ZERO;
    for outcome in &problem.outcomes {
        let name = match part.repeat {
            0 | 1 => outcome.title.clone(),
            _ => format!("{} (seed {})", outcome.title, outcome.seed),
        };
        let mut told = case(&class, &name, status(outcome));
        told.set_time(outcome.duration);
        let mut about = format!("scenario: {}\nseed: {}", outcome.scenario, outcome.seed);
        if let Some(held) = world::schedules([outcome]) {
            let _ = write!(about, "\nheld in: {held}");
        }
        if let Some(explored) = counterexample::explored([outcome]) {
            let _ = write!(about, "\nheld in: {explored}");
        }
        for why in world::unsimulated([outcome]) {
            let _ = write!(about, "\n{why}");
        }
        for observation in &outcome.observations {
            let _ = write!(about, "\n{observation}");
        }
        told.set_system_out(text(&about));
        suite.add_test_case(told);
        seconds += outcome.duration;
    }
    suite.set_time(seconds);
    if problem.outcomes.is_empty() {
        let why = "No scenario was run, so there is no verdict.";
        let status = not_passed(NonSuccessKind::Error, "checker fault", why, why);
        suite.add_test_case(case(&class, "a scenario is run", status));
    }
    suite
}

/// Says whether a submission was walled in, and warns where it was not.
fn say_isolation(suite: &mut TestSuite, part: &PartReport) {
    let Some(isolation) = &part.isolation else {
        return;
    };
    suite.add_property(Property::new("isolation", isolation.as_str()));
    for note in part
        .notes
        .iter()
        .filter(|note| note.starts_with(NOT_ISOLATED))
    {
        suite.set_system_err(text(note));
    }
}

fn refused_suite(part: &PartReport, refused: &Refused) -> TestSuite {
    let mut suite = TestSuite::new(format!("{}: build", part.part));
    suite.add_property(Property::new("seed", part.seed.to_string()));
    suite.add_property(Property::new("earned", "0"));
    say_isolation(&mut suite, part);
    let class = format!("{}.build", part.part);
    let (name, kind, message, story) = match refused {
        Refused::DoesNotCompile { rendered, .. } => (
            "the code compiles",
            "does not compile",
            "The code does not compile. Nothing was run.",
            rendered.join("\n"),
        ),
        Refused::BreaksRules(breaches) => (
            "the submission follows the rules",
            "breaks rules",
            "The submission is refused. Nothing was run.",
            breaches.join("\n"),
        ),
    };
    let status = not_passed(NonSuccessKind::Error, kind, message, &story);
    suite.add_test_case(case(&class, name, status));
    suite
}

fn case(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(text(name), status);
    case.set_classname(text(class));
    // Of what was not run it stays so.
    case.set_time(std::time::Duration::ZERO);
    case
}

fn status(outcome: &Outcome) -> TestCaseStatus {
    let word = outcome.verdict.standing().word();
    match &outcome.verdict {
        Verdict::Passed { .. } => TestCaseStatus::success(),
        Verdict::Failed(failure) => not_passed(
            NonSuccessKind::Failure,
            word,
            &failure.seen,
            &story(failure, outcome),
        ),
        Verdict::NotWritten { gap } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(text(&format!("{gap} is not written yet")));
            status
        }
        Verdict::Inconclusive { why } | Verdict::CheckerFault { why } => {
            not_passed(NonSuccessKind::Error, word, why, why)
        }
    }
}

fn not_passed(kind: NonSuccessKind, word: &str, message: &str, story: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word);
    status.set_message(text(message));
    status.set_description(text(story));
    status
}

/// A failure as plain text, in the order in which the terminal tells it.
fn story(failure: &Failure, outcome: &Outcome) -> String {
    let mut story = String::new();
    let mut field = |name: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(story, "{name}: {text}");
        }
    };
    field(
        "world",
        &world::simulated_failure(outcome).unwrap_or_default(),
    );
    field("step", &failure.step);
    field("seen", &failure.seen);
    field("expected", &failure.expected);
    field("why", &failure.why);
    for fact in &failure.evidence {
        field("known", fact);
    }
    if let Some(diagnosis) = &failure.diagnosis {
        let suggested = format!("{} (because {})", diagnosis.suggests, diagnosis.because);
        field("suggests", &suggested);
    }
    if let Some(place) = &failure.place {
        field("place", &at_line(&place.file.to_string_lossy(), place.line));
    }
    field("seed", &outcome.seed.to_string());
    if let Some(found) = &failure.counterexample {
        let _ = writeln!(story, "{}", counterexample::heading(found));
        for step in counterexample::steps(found) {
            let _ = writeln!(story, "  {step}");
        }
    }
    for line in &failure.sketch {
        let _ = writeln!(story, "  {line}");
    }
    if let Some(said) = &failure.stderr {
        let _ = writeln!(story, "last lines of {}:", said.node);
        for line in &said.lines {
            let _ = writeln!(story, "  {line}");
        }
    }
    story
}

/// Text without the two letters that XML forbids and the library lets pass; it takes out
/// the rest.
fn text(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use grader::part_report::Graded;
    use std::time::Duration;
    use testkit::verdict::World;

    fn outcome(scenario: &str, verdict: Verdict) -> Outcome {
        Outcome {
            scenario: scenario.into(),
            title: format!("title of {scenario}"),
            problem: 1,
            verdict,
            observations: vec![],
            duration: Duration::from_millis(1500),
            repeats: vec![],
            seed: 7,
            explored: None,
            world: World::Processes,
            schedules: 0,
            unsimulated: None,
            folder: None,
        }
    }

    #[test]
    fn each_verdict_has_its_element() {
        let failed = Failure::new(
            "n1 sends a ping",
            "it said \u{1b}[31m<2>\u{0}\u{ffff}",
            "it says 3",
        )
        .because("A count is not a guess.")
        .stderr("n1", vec!["]]> & so on".into()]);
        let outcomes = vec![
            outcome(
                "passes",
                Verdict::Passed {
                    property: "It holds.".into(),
                },
            ),
            outcome("fails", Verdict::Failed(Box::new(failed))),
            outcome(
                "waits",
                Verdict::NotWritten {
                    gap: "TODO(1)".into(),
                },
            ),
            outcome("unclear", Verdict::Inconclusive { why: "slow".into() }),
        ];
        let mut report = PartReport::new(&part1_ping_pong::part(), Graded::Exercise, 7, 1);
        report.conclude(vec![
            ProblemResult::new(1, "Broadcast", false, outcomes).worth(10, 4),
        ]);
        let xml = xml(&[report], &["The checker could not go on.".into()]).unwrap();
        for (element, count) in [
            ("<testcase ", 5),
            ("<failure ", 1),
            // What is inconclusive, and what the checker could not do.
            ("<error ", 2),
            ("<skipped ", 1),
        ] {
            assert_eq!(xml.matches(element).count(), count, "{element} in {xml}");
        }
        assert!(
            xml.contains(r#"<property name="seed" value="7"/>"#),
            "{xml}"
        );
        assert!(
            xml.contains(r#"<property name="earned" value="0"/>"#),
            "{xml}"
        );
        let share = r#"<property name="earned_by_scenario" value="2.5"/>"#;
        assert!(xml.contains(share), "{xml}");
        assert!(xml.contains("why: A count is not a guess."), "{xml}");
        assert!(!xml.contains("<2>") && xml.contains("&lt;2"), "{xml}");
        let allowed = |letter: char| letter == '\n' || letter >= ' ' && letter != '\u{ffff}';
        assert!(xml.chars().all(allowed), "{xml:?}");
        let (_, root) = xml.split_once("<testsuites ").unwrap();
        let (root, suites) = root.split_once('>').unwrap();
        assert_eq!(root, r#"name="checker" tests="5" failures="1" errors="2""#);
        assert!(suites.contains(r#"skipped="1""#), "{xml}");
    }
}
