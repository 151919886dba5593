//! What became of a scenario, a problem and a run.
//!
//! Five words that mean five different things to a learner, and five exit codes. Verdicts are
//! data: the same value is printed at the terminal, written as JSON, and folded into the exit
//! code.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::exploration::{Coverage, Plan};

/// What became of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The fault took effect, and every claim held.
    Passed {
        /// What the scenario demonstrated, as a sentence.
        property: String,
    },
    /// A claim did not hold.
    Failed(Box<Failure>),
    /// The scenario came to code that nobody wrote yet.
    NotWritten {
        /// Which gap: `TODO(2)`.
        gap: String,
    },
    /// The fault had no effect, or the machine was too slow to tell.
    Inconclusive {
        /// Why not, as a sentence.
        why: String,
    },
    /// The checker itself went wrong.
    CheckerFault {
        /// How, as a sentence.
        why: String,
    },
}

/// A claim that did not hold, and all that helps to understand why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What the scenario was doing, as a sentence.
    pub step: String,
    /// What the node did, quoted.
    pub seen: String,
    /// What was required.
    pub expected: String,
    /// Why that rule exists.
    pub why: String,
    /// What else is known for certain: counts, answers, what the network did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// Which claim it was and what was seen, as data: a value of the part's own type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<serde_json::Value>,
    /// The node that did what was seen, if it was a node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Where in the learner's code to look, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The mistake that what happened suggests, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
    /// The section of the text, as of `training/part1.md#messages`; the problem's own if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<String>,
    /// The smallest history that makes the point, drawn; a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sketch: Vec<String>,
    /// The steps that it takes, if it was found by an exploration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterexample: Option<Box<Counterexample>>,
    /// The last lines that the guilty node wrote to stderr.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<LastLines>,
    /// Whether a node did not even come up at the scenario's start, so that every other scenario
    /// would only say the same.
    #[serde(skip)]
    pub before_all: bool,
}

/// The shortest story that was found which breaks a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counterexample {
    /// Its steps, a sentence each.
    pub steps: Vec<String>,
    /// How many steps the story had in which the claim was first seen broken.
    pub of: usize,
    /// How many stories were tried to find it.
    pub tried: usize,
    /// Whether the claim holds if any single step is left out: there was time to try all.
    pub minimal: bool,
    /// The same as a script for `checker play`.
    pub script: Vec<String>,
    /// The same as data, which can be told again.
    pub plan: Plan,
}

// Plans hold whole numbers and text only.
impl Eq for Counterexample {}

/// What an exploration did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explored {
    /// In how many schedules the claims held.
    pub held: u64,
    /// Of how many schedules nothing can be said.
    pub inconclusive: u64,
    /// How many of all small stories were told, if that was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small: Option<Exhausted>,
    /// What was done in them.
    pub coverage: Coverage,
}

/// How much was told of all small stories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhausted {
    /// What there is in them: "two nodes, two pings and a crash".
    pub bounds: String,
    /// How many of them held.
    pub held: u64,
    /// How many there are.
    pub of: u64,
}

/// A place in the learner's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file, relative to the course's root where it lies inside.
    pub file: PathBuf,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// The end of what a node wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLines {
    /// Which node.
    pub node: String,
    /// Its last lines, oldest first.
    pub lines: Vec<String>,
}

/// A file with the line in it, as editors and terminals take it: `src/consumer.rs:12`.
pub fn at_line(file: &str, line: Option<u32>) -> String {
    match line {
        Some(line) => format!("{file}:{line}"),
        None => file.to_owned(),
    }
}

impl Failure {
    /// Which claim did not hold, without what was seen.
    pub fn claim(&self) -> String {
        let fact = self.fact.as_ref().and_then(|fact| fact.get("claim"));
        match fact.and_then(serde_json::Value::as_str) {
            Some(claim) => claim.to_owned(),
            None => self
                .expected
                .chars()
                .filter(|letter| !letter.is_numeric())
                .collect(),
        }
    }

    /// The section of the text that says most about it: the one of the mistake behind it, its
    /// own, or the one that is given.
    pub fn section<'a>(&'a self, given: Option<&'a str>) -> Option<&'a str> {
        let diagnosed = self.diagnosis.as_ref().map(|of| of.training.as_str());
        diagnosed.or(self.training.as_deref()).or(given)
    }

    /// A failure at a step, with what was seen there and what was required instead.
    pub fn new(
        step: impl Into<String>,
        seen: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Failure {
            step: step.into(),
            seen: seen.into(),
            expected: expected.into(),
            ..Failure::default()
        }
    }

    /// Says why the rule exists.
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Adds a fact.
    pub fn evidence(mut self, fact: impl Into<String>) -> Self {
        self.evidence.push(fact.into());
        self
    }

    /// Says which claim it was and what was seen, as data.
    pub fn fact(mut self, fact: &impl Serialize) -> Self {
        self.fact = Some(crate::trace::data(fact));
        self
    }

    /// Says which node did what was seen.
    pub fn node(mut self, node: impl Into<String>) -> Self {
        self.node = Some(node.into());
        self
    }

    /// Says where in the learner's code to look.
    pub fn at(mut self, file: impl Into<PathBuf>, line: Option<u32>) -> Self {
        self.place = Some(Place {
            file: file.into(),
            line,
        });
        self
    }

    /// Adds the drawn history.
    pub fn sketch(mut self, lines: Vec<String>) -> Self {
        self.sketch = lines;
        self
    }

    /// Adds the last lines of a node's stderr, and the place in the learner's code of which they
    /// tell that it panicked; none are as good as not called.
    pub fn stderr(mut self, node: impl Into<String>, lines: Vec<String>) -> Self {
        self.place = self.place.or_else(|| place_of_panic(&lines));
        self.stderr = (!lines.is_empty()).then(|| LastLines {
            node: node.into(),
            lines,
        });
        self
    }
}

/// The last place in the learner's code that a panic on stderr names.
pub(crate) fn place_of_panic(stderr: &[String]) -> Option<Place> {
    stderr.iter().rev().find_map(|line| {
        let (_, rest) = line.split_once("panicked at ")?;
        let mut parts = rest.splitn(3, ':');
        let (file, line) = (parts.next()?, parts.next()?.parse().ok()?);
        let is_learners =
            !file.starts_with("runtime/") && !file.contains(".cargo") && !file.contains("/rustc/");
        is_learners.then(|| Place {
            file: file.into(),
            line: Some(line),
        })
    })
}

/// A mistake that what was seen suggests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Names the mistake forever: `counts-deliveries`.
    pub mistake: String,
    /// The mistake, a plain sentence about the learner's program.
    pub suggests: String,
    /// What was seen that suggests it, as a sentence.
    pub because: String,
    /// The section of the text that explains it: `training/part1.md#messages`.
    pub training: String,
    /// The hint to read next, from 1 to 3.
    pub hint: u8,
    /// The earlier problem whose hint it is; of the one that failed, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint_of: Option<u8>,
}

impl Diagnosis {
    /// The evidence, as a fragment of a sentence that says what it is evidence of.
    pub fn evidence(&self) -> String {
        let because = self.because.trim_end_matches('.');
        format!("What we saw suggests so, because {because}")
    }

    /// How to come to its hint, when a problem of a part failed; a sentence.
    pub fn way_to_hint(&self, command: &str, part: &str, failed: u8) -> String {
        let of = self.hint_of.unwrap_or(failed);
        format!(
            "`{command} hint {part} --problem {of}` shows one hint after the other; hint {} is about it.",
            self.hint
        )
    }
}

/// The five words, without their details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// All is well.
    Passed,
    /// Something is wrong with what was graded.
    Failed,
    /// Nothing can be said.
    Inconclusive,
    /// There is nothing to grade yet.
    NotWritten,
    /// Something is wrong with the checker, or with how it was called.
    CheckerFault,
}

impl Standing {
    /// What the checker's process returns.
    pub fn exit_code(self) -> u8 {
        match self {
            Standing::Passed => 0,
            Standing::Failed => 1,
            Standing::Inconclusive => 2,
            Standing::NotWritten => 3,
            Standing::CheckerFault => 4,
        }
    }

    /// The word that people read.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Passed => "passed",
            Standing::Failed => "failed",
            Standing::Inconclusive => "inconclusive",
            Standing::NotWritten => "not written",
            Standing::CheckerFault => "checker fault",
        }
    }

    /// The one of several that is to be told: a checker fault before a failure, before an
    /// inconclusive one, before one that is not written. Nothing at all has passed.
    pub fn worst(all: impl IntoIterator<Item = Standing>) -> Standing {
        all.into_iter()
            .max_by_key(|standing| standing.weight())
            .unwrap_or(Standing::Passed)
    }

    fn weight(self) -> u8 {
        match self {
            Standing::Passed => 0,
            Standing::NotWritten => 1,
            Standing::Inconclusive => 2,
            Standing::Failed => 3,
            Standing::CheckerFault => 4,
        }
    }
}

impl Verdict {
    /// The verdict's word.
    pub fn standing(&self) -> Standing {
        match self {
            Verdict::Passed { .. } => Standing::Passed,
            Verdict::Failed(_) => Standing::Failed,
            Verdict::NotWritten { .. } => Standing::NotWritten,
            Verdict::Inconclusive { .. } => Standing::Inconclusive,
            Verdict::CheckerFault { .. } => Standing::CheckerFault,
        }
    }
}

/// Where nodes run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum World {
    /// On real processes: the authority for a mark.
    #[default]
    Processes,
    /// In one process, in virtual time.
    Simulated,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            World::Processes => "processes",
            World::Simulated => "simulated",
        })
    }
}

impl FromStr for World {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "processes" => Ok(World::Processes),
            "simulated" => Ok(World::Simulated),
            _ => Err("it must be processes or simulated".to_owned()),
        }
    }
}

/// One scenario that ran, and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// The scenario's id.
    pub scenario: String,
    /// What it claims, in a few words.
    pub title: String,
    /// The problem that it belongs to.
    pub problem: u8,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What was measured on the way, a line each, of a pass; and that the claims held, where it is
    /// *not written* nevertheless.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<String>,
    /// How long it took, repeats included.
    #[serde(
        rename = "seconds",
        serialize_with = "seconds",
        deserialize_with = "from_seconds"
    )]
    pub duration: Duration,
    /// Why it was run again, once for each time: it is, at most twice, when it was inconclusive.
    pub repeats: Vec<String>,
    /// Where that was seen.
    #[serde(default)]
    pub world: World,
    /// The seed of the run, or of the simulated schedule, which `--seed` takes.
    pub seed: u64,
    /// What was explored, if it is an exploration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explored: Option<Explored>,
    /// In how many simulated schedules it held, of a pass.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub schedules: u64,
    /// Why a simulation could say nothing, so that the processes decided alone, of a pass; a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsimulated: Option<String>,
    /// Where traces and logs of the last try are, within the folder of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

/// What a session of `checker play` is called, where others have the word of a verdict.
pub const PLAYED: &str = "session of play";

impl Outcome {
    /// What became of a scenario, under a seed; nothing else is known of it yet.
    pub fn new(scenario: &str, title: &str, problem: u8, verdict: Verdict, seed: u64) -> Outcome {
        Outcome {
            scenario: scenario.to_owned(),
            title: title.to_owned(),
            problem,
            verdict,
            observations: Vec::new(),
            duration: Duration::ZERO,
            repeats: Vec::new(),
            world: World::Processes,
            seed,
            explored: None,
            schedules: 0,
            unsimulated: None,
            folder: None,
        }
    }

    /// Whether nobody judged it: it was done at the prompt of `checker play`, for no problem.
    pub fn is_played(&self) -> bool {
        self.problem == 0
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        if self.is_played() {
            PLAYED
        } else {
            self.verdict.standing().word()
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn from_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// One problem, and what became of its scenarios.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProblemResult {
    /// Its number.
    pub problem: u8,
    /// What people call it.
    pub title: String,
    /// Whether the exit code leaves it out.
    pub optional: bool,
    /// Its word: the worst of its scenarios'.
    pub standing: Standing,
    /// What it is worth.
    #[serde(default)]
    pub points: u8,
    /// How many scenarios it has, those that were left out included.
    #[serde(default)]
    pub scenarios: usize,
    /// Its scenarios.
    pub outcomes: Vec<Outcome>,
}

impl ProblemResult {
    /// Sums the scenarios of a problem up.
    ///
    /// A problem without any outcome is the checker's fault: nothing was graded, which must not
    /// look like a pass.
    pub fn new(
        problem: u8,
        title: impl Into<String>,
        optional: bool,
        outcomes: Vec<Outcome>,
    ) -> Self {
        let standing = if outcomes.is_empty() {
            Standing::CheckerFault
        } else {
            Standing::worst(outcomes.iter().map(|outcome| outcome.verdict.standing()))
        };
        let mut result = ProblemResult {
            problem,
            title: title.into(),
            optional,
            standing,
            points: 0,
            scenarios: 0,
            outcomes,
        };
        result.scenarios = result.by_scenario().len();
        result
    }

    /// The outcome that is told of the problem: the first that came out as the problem did.
    pub fn told(&self) -> Option<&Outcome> {
        let mut outcomes = self.outcomes.iter();
        outcomes.find(|outcome| outcome.verdict.standing() == self.standing)
    }

    /// Says what it is worth, and how many scenarios it has.
    pub fn worth(mut self, points: u8, scenarios: usize) -> Self {
        self.points = points;
        self.scenarios = scenarios;
        self
    }

    /// The points that were earned: all or none.
    pub fn earned(&self) -> u8 {
        match self.standing {
            Standing::Passed => self.points,
            _ => 0,
        }
    }

    /// How many of its scenarios passed, each in every round. What is not written has none, also
    /// where the stub happens to do what a scenario asks.
    pub fn scenarios_passed(&self) -> usize {
        let passed = |outcomes: &&Vec<&Outcome>| {
            let mut outcomes = outcomes.iter();
            outcomes.all(|outcome| outcome.verdict.standing() == Standing::Passed)
        };
        match self.standing {
            Standing::NotWritten => 0,
            _ => self.by_scenario().values().filter(passed).count(),
        }
    }

    /// The points that its passed scenarios have as their share, in hundredths.
    pub fn hundredths_by_scenario(&self) -> u32 {
        let (passed, of) = (self.scenarios_passed() as u64, self.scenarios.max(1) as u64);
        let share = (u64::from(self.points) * 100 * passed + of / 2) / of;
        u32::try_from(share).unwrap_or(u32::MAX)
    }

    fn by_scenario(&self) -> BTreeMap<&str, Vec<&Outcome>> {
        let mut by_scenario: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
        // What was explored besides has no points of its own.
        let told = self.outcomes.iter();
        for outcome in told.filter(|outcome| outcome.explored.is_none()) {
            let of = by_scenario.entry(&outcome.scenario).or_default();
            of.push(outcome);
        }
        by_scenario
    }
}

/// The word for a whole run: the worst of its problems. Optional ones do not count, except that
/// a fault of the checker always does.
pub fn overall(problems: &[ProblemResult]) -> Standing {
    Standing::worst(
        problems
            .iter()
            .filter(|problem| !problem.optional || problem.standing == Standing::CheckerFault)
            .map(|problem| problem.standing),
    )
}

#[cfg(test)]
mod tests {
    use super::Standing::*;
    use super::*;

    #[track_caller]
    fn check(all: &[Standing], code: u8) {
        assert_eq!(Standing::worst(all.iter().copied()).exit_code(), code);
        assert_eq!(Standing::worst(all.iter().rev().copied()).exit_code(), code);
    }

    #[test]
    fn worst_word_of_several_is_told() {
        check(&[], 0);
        check(&[Passed, Passed], 0);
        check(&[Passed, NotWritten], 3);
        check(&[NotWritten, Inconclusive, Passed], 2);
        check(&[NotWritten, Inconclusive, Failed], 1);
        check(&[NotWritten, Inconclusive, Failed, CheckerFault], 4);
    }

    fn problem(number: u8, optional: bool, standing: Standing) -> ProblemResult {
        ProblemResult {
            problem: number,
            title: String::new(),
            optional,
            standing,
            points: 10,
            scenarios: 0,
            outcomes: vec![],
        }
    }

    fn outcome(scenario: &str, seed: u64, passed: bool) -> Outcome {
        let verdict = match passed {
            true => Verdict::Passed {
                property: String::new(),
            },
            false => Verdict::Inconclusive { why: String::new() },
        };
        Outcome {
            scenario: scenario.into(),
            title: String::new(),
            problem: 1,
            verdict,
            observations: vec![],
            duration: Duration::ZERO,
            repeats: vec![],
            world: World::Processes,
            seed,
            explored: None,
            schedules: 0,
            unsimulated: None,
            folder: None,
        }
    }

    #[test]
    fn scenario_has_its_share_of_the_points_if_it_passed_in_every_round() {
        let outcomes = vec![
            outcome("a", 1, true),
            outcome("b", 1, true),
            outcome("a", 2, true),
            outcome("b", 2, false),
        ];
        let result = ProblemResult::new(1, "Broadcast", false, outcomes).worth(10, 3);
        assert_eq!(result.earned(), 0);
        assert_eq!(result.scenarios_passed(), 1);
        assert_eq!(result.hundredths_by_scenario(), 333);
        let all = ProblemResult::new(1, "Broadcast", false, vec![outcome("a", 1, true)]);
        let all = all.worth(10, 1);
        assert_eq!(all.hundredths_by_scenario(), 1000);
        let unwritten = ProblemResult {
            standing: NotWritten,
            ..all
        };
        assert_eq!(unwritten.hundredths_by_scenario(), 0);
    }

    #[test]
    fn optional_problems_do_not_count() {
        assert_eq!(
            overall(&[problem(1, false, Passed), problem(5, true, Failed)]),
            Passed
        );
        assert_eq!(
            overall(&[
                problem(1, false, NotWritten),
                problem(5, true, Inconclusive)
            ]),
            NotWritten
        );
    }

    #[test]
    fn checker_fault_counts_even_in_an_optional_problem() {
        assert_eq!(
            overall(&[problem(1, false, Passed), problem(5, true, CheckerFault)]),
            CheckerFault
        );
    }

    #[test]
    fn problem_without_outcomes_has_not_passed() {
        assert_eq!(
            ProblemResult::new(1, "Broadcast", false, vec![]).standing,
            CheckerFault
        );
    }

    #[test]
    fn place_is_read_from_the_last_panic_in_learners_code() {
        let stderr = [
            "panicked at exercises/part1_ping_pong/src/consumer.rs:40:9: first",
            "panicked at exercises/part1_ping_pong/src/consumer.rs:62:13: index out of bounds: the len is 3",
            "panicked at runtime/src/node.rs:1:1: not theirs",
        ];
        let place = place_of_panic(&stderr.map(str::to_owned)).unwrap();
        assert_eq!(
            (place.file.to_str().unwrap(), place.line),
            ("exercises/part1_ping_pong/src/consumer.rs", Some(62))
        );
        assert_eq!(place_of_panic(&["all is well".to_owned()]), None);
    }
}
