//! From attempts to a mark.
//!
//! A scenario has failed only if it failed in each attempt: a busy machine can make a right program
//! fail, and attempts use the same seed. What came out differently is marked as unsteady.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ledger::Attempt;
use crate::policy::{Counted, Policy};
use grader::part_report::{PartReport, Refused};
use report::json::Hundredths;
use testkit::part::Part;
use testkit::verdict::{Outcome, ProblemResult, Standing, Verdict, overall};

/// All that is known of one student.
#[derive(Debug, Serialize, Deserialize)]
pub struct Mark {
    /// The version of this format.
    pub schema: u32,
    /// The student.
    pub student: String,
    /// The student's page, within the output folder.
    pub feedback: String,
    /// The worst word of all parts.
    pub standing: Standing,
    /// Whether the mark can be used: nothing is inconclusive, and the checker did its work.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// The points of all parts.
    #[serde(flatten)]
    pub points: Points,
    /// The parts.
    pub parts: Vec<PartMark>,
}

/// Points, for problems that count and for optional ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// What was earned.
    pub earned: Hundredths,
    /// Of how much.
    pub of: Hundredths,
    /// What was earned with optional problems.
    pub optional_earned: Hundredths,
    /// Of how much.
    pub optional_of: Hundredths,
}

impl Points {
    fn add(&mut self, other: Points) {
        self.earned.0 += other.earned.0;
        self.of.0 += other.of.0;
        self.optional_earned.0 += other.optional_earned.0;
        self.optional_of.0 += other.optional_of.0;
    }
}

/// All that is known of a student's part.
#[derive(Debug, Serialize, Deserialize)]
pub struct PartMark {
    /// The part's command: `part1`.
    pub part: String,
    /// What people call it.
    pub title: String,
    /// Whether anything of it was handed in.
    pub handed_in: bool,
    /// The word for it all.
    pub standing: Standing,
    /// Whether the mark can be used.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// The points.
    #[serde(flatten)]
    pub points: Points,
    /// How often it was graded.
    pub attempts: usize,
    /// How long that took.
    pub seconds: f64,
    /// Why the last attempt did not come to its end, a sentence, if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<String>,
    /// The seed, which students are not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What walled it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// Why nothing was run, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Further remarks, a sentence each.
    pub notes: Vec<String>,
    /// The problems.
    pub problems: Vec<ProblemMark>,
}

/// What is known of a problem.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProblemMark {
    /// Its number.
    pub problem: u8,
    /// What people call it.
    pub title: String,
    /// Whether it is optional.
    pub optional: bool,
    /// The worst word of its scenarios.
    pub standing: Standing,
    /// The points that count, by the policy.
    pub earned: Hundredths,
    /// What it is worth.
    pub of: Hundredths,
    /// How many scenarios it has.
    pub scenarios: usize,
    /// How many of them passed.
    pub scenarios_passed: usize,
    /// Whether a scenario came out differently in two attempts.
    pub unsteady: bool,
    /// One for each scenario and round.
    pub outcomes: Vec<Outcome>,
}

impl ProblemMark {
    /// The outcomes that did not pass.
    pub fn not_passed(&self) -> impl Iterator<Item = &Outcome> {
        let outcomes = self.outcomes.iter();
        outcomes.filter(|outcome| outcome.verdict.standing() != Standing::Passed)
    }
}

/// What was handed in for a part.
#[derive(Debug)]
pub enum Graded<'a> {
    /// Nothing.
    Missing,
    /// What cannot be graded, a sentence for each reason.
    Refused(Vec<String>),
    /// What these attempts are of.
    Attempts(Vec<&'a Attempt>),
}

impl Mark {
    /// Sums the parts of a student up.
    pub fn new(student: &str, file_name: &str, parts: Vec<PartMark>) -> Mark {
        let mut points = Points::default();
        parts.iter().for_each(|part| points.add(part.points));
        Mark {
            schema: crate::ledger::SCHEMA,
            student: student.to_owned(),
            feedback: format!("feedback/{file_name}.html"),
            standing: Standing::worst(parts.iter().map(|part| part.standing)),
            is_final: parts.iter().all(|part| part.is_final),
            points,
            parts,
        }
    }

    /// Whether any scenario came out differently in two attempts.
    pub fn is_unsteady(&self) -> bool {
        let mut problems = self.parts.iter().flat_map(|part| &part.problems);
        problems.any(|problem| problem.unsteady)
    }
}

impl PartMark {
    /// The mark of a part.
    pub fn new(part: &Part, graded: &Graded, notes: &[String], policy: &Policy) -> PartMark {
        let mut mark = PartMark {
            part: part.name.to_owned(),
            title: part.title.to_owned(),
            handed_in: true,
            standing: Standing::Failed,
            is_final: true,
            points: Points::default(),
            attempts: 0,
            seconds: 0.0,
            cut_short: None,
            seed: None,
            isolation: None,
            refused: None,
            notes: notes.to_vec(),
            problems: Vec::new(),
        };
        let mut results = Vec::new();
        match graded {
            Graded::Missing => {
                mark.handed_in = false;
                mark.standing = Standing::NotWritten;
            }
            Graded::Refused(breaches) => {
                mark.refused = Some(Refused::BreaksRules(breaches.clone()));
            }
            Graded::Attempts(attempts) => {
                mark.attempts = attempts.len();
                mark.seconds = attempts.iter().map(|attempt| attempt.seconds).sum();
                mark.cut_short = attempts.last().and_then(|last| last.cut_short.clone());
                let last = attempts.last().map(|last| &last.report);
                mark.seed = last.map(|report| report.seed);
                mark.isolation = last.and_then(|report| report.isolation.clone());
                mark.notes
                    .extend(last.into_iter().flat_map(|report| report.notes.clone()));
                mark.refused = refused(attempts).cloned();
                results = merged(part, attempts);
                mark.standing = match (&mark.refused, results.is_empty()) {
                    (Some(_), _) => Standing::Failed,
                    (None, true) if attempts.is_empty() => Standing::Inconclusive,
                    (None, true) => Standing::CheckerFault,
                    (None, false) => overall(&just_results(&results)),
                };
            }
        }
        for problem in part.problems {
            let found = results
                .iter()
                .find(|(result, _)| result.problem == problem.number);
            mark.problems.push(match found {
                Some((result, unsteady)) => counted(result, *unsteady, policy.points),
                // Nothing was run: the part's own word stands for each problem.
                None => ProblemMark {
                    problem: problem.number,
                    title: problem.title.to_owned(),
                    optional: problem.optional,
                    standing: mark.standing,
                    earned: Hundredths(0),
                    of: Hundredths(u32::from(problem.points) * 100),
                    scenarios: 0,
                    scenarios_passed: 0,
                    unsteady: false,
                    outcomes: Vec::new(),
                },
            });
        }
        for problem in &mark.problems {
            let (earned, of) = match problem.optional {
                true => (
                    &mut mark.points.optional_earned,
                    &mut mark.points.optional_of,
                ),
                false => (&mut mark.points.earned, &mut mark.points.of),
            };
            earned.0 += problem.earned.0;
            of.0 += problem.of.0;
        }
        let is_known =
            |standing| !matches!(standing, Standing::Inconclusive | Standing::CheckerFault);
        let problems = mark.problems.iter().map(|problem| problem.standing);
        mark.is_final = problems.chain([mark.standing]).all(is_known);
        mark
    }
}

fn counted(result: &ProblemResult, unsteady: bool, points: Counted) -> ProblemMark {
    ProblemMark {
        problem: result.problem,
        title: result.title.clone(),
        optional: result.optional,
        standing: result.standing,
        earned: match points {
            Counted::Problem => Hundredths(u32::from(result.earned()) * 100),
            Counted::Scenario => Hundredths(result.hundredths_by_scenario()),
        },
        of: Hundredths(u32::from(result.points) * 100),
        scenarios: result.scenarios,
        scenarios_passed: result.scenarios_passed(),
        unsteady,
        outcomes: result.outcomes.clone(),
    }
}

fn just_results(results: &[(ProblemResult, bool)]) -> Vec<ProblemResult> {
    results.iter().map(|(result, _)| result.clone()).collect()
}

/// Why nothing was run, if an attempt found a reason.
fn refused<'a>(attempts: &[&'a Attempt]) -> Option<&'a Refused> {
    attempts
        .iter()
        .rev()
        .find_map(|attempt| attempt.report.refused.as_ref())
}

/// The results of all attempts as one, each with whether attempts differ.
fn merged(part: &Part, attempts: &[&Attempt]) -> Vec<(ProblemResult, bool)> {
    let problems = part.problems.iter().filter_map(|problem| {
        let mut order = Vec::new();
        let mut by_scenario: BTreeMap<(&str, u64), Vec<&Outcome>> = BTreeMap::new();
        let results = attempts.iter().flat_map(|attempt| &attempt.report.problems);
        for outcome in results
            .filter(|result| result.problem == problem.number)
            .flat_map(|result| &result.outcomes)
        {
            let key = (outcome.scenario.as_str(), outcome.seed);
            let all = by_scenario.entry(key).or_default();
            if all.is_empty() {
                order.push(key);
            }
            all.push(outcome);
        }
        let mut unsteady = false;
        let mut outcomes = Vec::new();
        for key in order {
            let all = &by_scenario[&key];
            let came_out = |standing| {
                let mut all = all.iter();
                all.any(|outcome| outcome.verdict.standing() == standing)
            };
            unsteady |= came_out(Standing::Passed) && came_out(Standing::Failed);
            let best = all.iter().min_by_key(|outcome| weight(&outcome.verdict));
            outcomes.extend(best.map(|best| (*best).clone()));
        }
        if outcomes.is_empty() {
            return None;
        }
        let of_problem = part.scenarios.iter();
        let of_problem = of_problem.filter(|scenario| scenario.problem == problem.number);
        let result = ProblemResult::new(problem.number, problem.title, problem.optional, outcomes);
        Some((result.worth(problem.points, of_problem.count()), unsteady))
    });
    problems.collect()
}

/// Of several verdicts on one scenario the lightest counts.
fn weight(verdict: &Verdict) -> u8 {
    match verdict.standing() {
        Standing::Passed => 0,
        Standing::Failed => 1,
        Standing::NotWritten => 2,
        Standing::Inconclusive => 3,
        Standing::CheckerFault => 4,
    }
}

/// The problems to be graded next, after these attempts; `None` if nothing is left to do.
pub fn to_grade(part: &Part, attempts: &[&Attempt], policy: &Policy) -> Option<Vec<u8>> {
    if attempts.is_empty() {
        return Some(Vec::new());
    }
    if attempts.len() >= policy.attempts as usize || refused(attempts).is_some() {
        return None;
    }
    let results = merged(part, attempts);
    if results.is_empty() {
        return Some(Vec::new());
    }
    let is_doubtful = |standing| !matches!(standing, Standing::Passed | Standing::NotWritten);
    let doubtful = results
        .iter()
        .filter(|(result, _)| is_doubtful(result.standing));
    let doubtful: Vec<u8> = doubtful.map(|(result, _)| result.problem).collect();
    (!doubtful.is_empty()).then_some(doubtful)
}

/// The report of an attempt that left none: all that was ordered is the checker's fault.
pub fn without_result(
    part: &Part,
    folder: &std::path::Path,
    seed: u64,
    rounds: u32,
    why: &str,
) -> PartReport {
    let graded = grader::part_report::Graded::Submission(folder.to_owned());
    let mut report = PartReport::new(part, graded, seed, rounds);
    let fault = Verdict::CheckerFault {
        why: why.to_owned(),
    };
    let problems = part.problems.iter().map(|problem| {
        let own = part
            .scenarios
            .iter()
            .filter(|scenario| scenario.problem == problem.number);
        let outcomes: Vec<Outcome> = own
            .map(|scenario| {
                Outcome::new(
                    scenario.id,
                    scenario.title,
                    problem.number,
                    fault.clone(),
                    seed,
                )
            })
            .collect();
        let count = outcomes.len();
        ProblemResult::new(problem.number, problem.title, problem.optional, outcomes)
            .worth(problem.points, count)
    });
    report.conclude(problems.collect());
    report.complete = false;
    report
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;

    use super::*;
    use grader::part_report;
    use testkit::verdict::Failure;

    pub(crate) static PART: LazyLock<Part> = LazyLock::new(part1_ping_pong::part);

    fn outcome(scenario: &str, verdict: Verdict) -> Outcome {
        let known = PART
            .scenarios
            .iter()
            .find(|known| known.id == scenario)
            .unwrap();
        Outcome::new(known.id, known.title, known.problem, verdict, 7)
    }

    pub(crate) fn passed(scenario: &str) -> Outcome {
        let property = "It holds.".to_owned();
        outcome(scenario, Verdict::Passed { property })
    }

    pub(crate) fn failed(scenario: &str) -> Outcome {
        let failure = Failure::new("n1 sends a ping.", "n2 shows 0", "n2 shows 1")
            .because("Each ping counts.")
            .at("src/consumer.rs", Some(12));
        outcome(scenario, Verdict::Failed(Box::new(failure)))
    }

    pub(crate) fn inconclusive(scenario: &str) -> Outcome {
        let why = "the fault had no effect".to_owned();
        outcome(scenario, Verdict::Inconclusive { why })
    }

    /// An attempt at part 1 with these outcomes.
    pub(crate) fn attempt(student: &str, number: u32, outcomes: &[Outcome]) -> Attempt {
        let folder = part_report::Graded::Submission("/home/teacher/submissions/ada".into());
        let mut report = PartReport::new(&PART, folder, 7, 1);
        let problems = PART.problems.iter().filter_map(|problem| {
            let own: Vec<Outcome> = outcomes
                .iter()
                .filter(|outcome| outcome.problem == problem.number)
                .cloned()
                .collect();
            let result = ProblemResult::new(problem.number, problem.title, false, own.clone());
            (!own.is_empty()).then(|| result.worth(problem.points, own.len()))
        });
        report.conclude(problems.collect());
        Attempt {
            schema: 1,
            student: student.to_owned(),
            part: "part1".to_owned(),
            key: "key".to_owned(),
            attempt: number,
            finished: jiff::Timestamp::UNIX_EPOCH,
            seconds: 8.0,
            peak_memory: 0,
            cut_short: None,
            report,
        }
    }

    /// An attempt in which all scenarios came out so.
    pub(crate) fn all(student: &str, came_out: fn(&str) -> Outcome) -> Attempt {
        let outcomes: Vec<Outcome> = PART.scenarios.iter().map(|one| came_out(one.id)).collect();
        attempt(student, 1, &outcomes)
    }

    pub(crate) fn mark(attempts: &[Attempt], policy: &Policy) -> PartMark {
        let attempts = attempts.iter().collect();
        PartMark::new(&PART, &Graded::Attempts(attempts), &[], policy)
    }

    #[test]
    fn right_program_has_all_points_after_one_attempt() {
        let right = all("ada", passed);
        let policy = Policy::default();
        assert_eq!(to_grade(&PART, &[], &policy), Some(Vec::new()));
        assert_eq!(to_grade(&PART, &[&right], &policy), None);
        let mark = mark(&[right], &policy);
        let points = mark.points;
        assert_eq!((points.earned.0, points.of.0), (4000, 4000));
        assert_eq!(
            (points.optional_earned.0, points.optional_of.0),
            (1000, 1000)
        );
        assert!(mark.is_final && mark.standing == Standing::Passed);
    }

    #[test]
    fn failed_problem_alone_is_graded_again_and_counts_if_it_fails_again() {
        let policy = Policy::default();
        let first = attempt("ada", 1, &[passed("part1-twice"), failed("part1-regains")]);
        let problem = failed("part1-regains").problem;
        assert_eq!(to_grade(&PART, &[&first], &policy), Some(vec![problem]));
        let again = attempt("ada", 2, &[failed("part1-regains")]);
        assert_eq!(to_grade(&PART, &[&first, &again], &policy), None);
        let mark = mark(&[first, again], &policy);
        assert_eq!((mark.standing, mark.is_final), (Standing::Failed, true));
        assert!(mark.problems.iter().all(|problem| !problem.unsteady));
    }

    #[test]
    fn scenario_that_passes_when_it_is_repeated_has_passed_and_is_marked_unsteady() {
        let first = attempt("ada", 1, &[passed("part1-twice"), failed("part1-regains")]);
        let again = attempt("ada", 2, &[passed("part1-regains")]);
        let mark = mark(&[first, again], &Policy::default());
        let number = usize::from(failed("part1-regains").problem);
        let problem = &mark.problems[number - 1];
        assert!(problem.unsteady && problem.standing == Standing::Passed);
    }

    #[test]
    fn inconclusive_problem_makes_no_final_mark() {
        let first = attempt(
            "ada",
            1,
            &[passed("part1-twice"), inconclusive("part1-regains")],
        );
        let mark = mark(std::slice::from_ref(&first), &Policy::default());
        assert!(!mark.is_final);
        let again = attempt("ada", 2, &[failed("part1-regains")]);
        let mark = self::mark(&[first, again], &Policy::default());
        assert!(mark.is_final, "what is known in the end counts");
    }

    #[test]
    fn code_that_does_not_compile_is_not_graded_again_and_has_no_points_of_all() {
        let mut refused = attempt("ada", 1, &[]);
        refused
            .report
            .refuse(Refused::BreaksRules(vec!["It has a build.rs.".to_owned()]));
        assert_eq!(to_grade(&PART, &[&refused], &Policy::default()), None);
        let mark = mark(&[refused], &Policy::default());
        assert_eq!((mark.points.earned.0, mark.points.of.0), (0, 4000));
        assert_eq!((mark.standing, mark.is_final), (Standing::Failed, true));
    }

    #[test]
    fn checker_that_died_is_repeated_and_nobody_is_blamed() {
        let mut died = attempt("ada", 1, &[]);
        died.report = without_result(&PART, "x".as_ref(), 7, 1, "The checker ended.");
        let all: Vec<u8> = PART.problems.iter().map(|problem| problem.number).collect();
        assert_eq!(to_grade(&PART, &[&died], &Policy::default()), Some(all));
        let mark = mark(&[died], &Policy::default());
        assert_eq!(
            (mark.standing, mark.is_final),
            (Standing::CheckerFault, false)
        );
    }

    #[test]
    fn points_by_scenario_are_shares_of_the_problem() {
        let policy = Policy {
            points: Counted::Scenario,
            ..Policy::default()
        };
        let outcomes = PART
            .scenarios
            .iter()
            .filter(|of| of.problem == 1)
            .enumerate();
        let outcomes: Vec<Outcome> = outcomes
            .map(|(place, of)| {
                if place == 0 {
                    failed(of.id)
                } else {
                    passed(of.id)
                }
            })
            .collect();
        let earned = |policy: &Policy| {
            mark(&[attempt("ada", 1, &outcomes)], policy)
                .points
                .earned
                .0
        };
        let share = 1000 - (1000 + outcomes.len() as u32 / 2) / outcomes.len() as u32;
        assert!(earned(&policy).abs_diff(share) <= 1, "{}", earned(&policy));
        assert_eq!(earned(&Policy::default()), 0);
    }

    #[test]
    fn part_that_was_not_handed_in_is_not_written() {
        let mark = PartMark::new(&PART, &Graded::Missing, &[], &Policy::default());
        assert_eq!(
            (mark.standing, mark.is_final, mark.handed_in),
            (Standing::NotWritten, true, false)
        );
    }
}
