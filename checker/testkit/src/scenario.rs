//! What a scenario is, and what it works with.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::exploration::{Coverage, Plan};
use crate::ready::NotReady;
use crate::seed::Draw;
use crate::trace::Trace;
use crate::trouble::{Trouble, While};
use crate::verdict::{Failure, Outcome, Verdict, place_of_panic};
use crate::world::Ground;

/// One story of a cluster that is broken, and the claim that must hold nevertheless.
#[derive(Debug)]
pub struct Scenario {
    /// Names it forever: in reports, in records, and in what its chances derive from.
    pub id: &'static str,
    /// The problem that it belongs to.
    pub problem: u8,
    /// What it tries, in a few words: "a dead node is named".
    pub title: &'static str,
    /// What a pass has demonstrated, as a sentence.
    pub property: &'static str,
    /// How long one try may take.
    pub deadline: Duration,
    /// The story: `|cx| Box::pin(dead_node_is_named(cx))`.
    pub run: for<'a> fn(&'a Context) -> Story<'a>,
}

impl Scenario {
    /// What became of it, under a seed; nothing else is known of it yet.
    pub fn outcome(&self, verdict: Verdict, seed: u64) -> Outcome {
        Outcome::new(self.id, self.title, self.problem, verdict, seed)
    }
}

impl Scenario {
    /// The verdict on how its story ended.
    pub fn verdict(&self, told: Told) -> Verdict {
        match told {
            Ok(()) => Verdict::Passed {
                property: self.property.to_owned(),
            },
            Err(stop) => stop.into(),
        }
    }

    /// What ends a story that is not through when its time has expired.
    pub fn too_late(&self, steps: &Steps) -> Stop {
        Stop::inconclusive(format!(
            "It had not ended after {} s, and was still at this step: {}",
            self.deadline.as_secs(),
            steps.last()
        ))
    }
}

/// The longest that a scenario takes unless it says otherwise.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How much of what a node did is quoted, in characters.
const LONGEST_SEEN: usize = 2000;

/// A scenario under way.
pub type Story<'a> = Pin<Box<dyn Future<Output = Told> + 'a>>;

/// How a scenario ends: `Ok` when every claim held, and otherwise the verdict.
pub type Told = Result<(), Stop>;

/// What ends a scenario before its end: every verdict but a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// A claim did not hold.
    Failed(Box<Failure>),
    /// The code came to a gap that is not filled: `TODO(2)`.
    NotWritten(String),
    /// Nothing can be said, and why: the fault had no effect, or the machine was too slow.
    Inconclusive(String),
    /// The checker went wrong, and how.
    Fault(String),
}

impl Stop {
    /// The code came to a gap that is not filled.
    pub fn not_written(gap: impl Into<String>) -> Stop {
        Stop::NotWritten(gap.into())
    }

    /// Nothing can be said: the fault had no effect, or the machine was too slow.
    pub fn inconclusive(why: impl Into<String>) -> Stop {
        Stop::Inconclusive(why.into())
    }

    /// The checker went wrong.
    pub fn fault(why: impl Into<String>) -> Stop {
        Stop::Fault(why.into())
    }

    /// Whether a claim did not hold.
    pub fn is_failure(&self) -> bool {
        matches!(self, Stop::Failed(_))
    }

    /// What the last lines of a node say that ends a story, whatever else was seen: the code came to a
    /// gap that is not filled, or the machine had no room for the node.
    pub fn of_last_words(node: &str, stderr: &[String]) -> Option<Stop> {
        let no_room = || {
            Stop::inconclusive(format!(
                "The machine had no room for another thread or process of {node} (EAGAIN). It runs too much at once, \
                 or the program starts very many threads."
            ))
        };
        unwritten(stderr)
            .map(Stop::NotWritten)
            .or_else(|| lacked_room(stderr).then(no_room))
    }
}

impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Failed(failure) => Verdict::Failed(failure),
            Stop::NotWritten(gap) => Verdict::NotWritten { gap },
            Stop::Inconclusive(why) => Verdict::Inconclusive { why },
            Stop::Fault(why) => Verdict::CheckerFault { why },
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(Box::new(failure))
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Stop::fault(format!("The checker {trouble}."))
    }
}

/// What a scenario works with. Each try has one of its own.
pub struct Context {
    /// The scenario's id.
    pub scenario: &'static str,
    /// What its clusters stand on.
    pub ground: Ground,
    /// The part's data.
    pub data: PathBuf,
    /// A folder for the traces and logs of this try.
    pub folder: PathBuf,
    /// A folder for what its nodes keep to themselves.
    pub scratch: PathBuf,
    /// The seed of the run.
    pub seed: u64,
    /// How much time there is for the whole try.
    pub deadline: Duration,
    /// The story that is to be told; the seed draws one if none is given. Only an exploration has one.
    pub plan: Option<Plan>,
    pub steps: Steps,
    pub findings: Findings,
}

/// What all tries of a run have in common.
#[derive(Clone)]
pub struct Grounds {
    /// What its clusters stand on.
    pub ground: Ground,
    /// The part's data.
    pub data: PathBuf,
    /// The seed of the run.
    pub seed: u64,
}

impl Context {
    /// What one try works with. Traces and logs go to `folder`, and what the nodes keep to
    /// themselves to `scratch`.
    pub fn new(
        scenario: &'static str,
        grounds: Grounds,
        folder: PathBuf,
        scratch: PathBuf,
        deadline: Duration,
        steps: Steps,
    ) -> Context {
        let Grounds { ground, data, seed } = grounds;
        Context {
            scenario,
            ground,
            data,
            folder,
            scratch,
            seed,
            deadline,
            plan: None,
            steps,
            findings: Findings::default(),
        }
    }

    /// The folder that the story shares with all its nodes; it is there once the story made it.
    pub fn shared(&self) -> PathBuf {
        self.scratch.join("shared")
    }

    /// Says what the scenario does next, as a sentence. It is what the learner sees go by, and
    /// what a failure names.
    pub fn step(&self, sentence: impl Into<String>) {
        self.steps.next(sentence.into());
    }

    /// Notes what was measured on the way, as a line. It decides nothing; the report of a pass
    /// tells it.
    pub fn observe(&self, line: impl Into<String>) {
        self.findings.observe(line.into());
    }

    /// A claim that did not hold in the present step.
    pub fn failed(&self, seen: impl Into<String>, expected: impl Into<String>) -> Failure {
        let mut seen = seen.into();
        // What a program said may be of any length.
        if let Some((end, _)) = seen.char_indices().nth(LONGEST_SEEN) {
            seen.truncate(end);
            seen.push_str(" … (and so on)");
        }
        Failure::new(self.steps.last(), seen, expected)
    }

    /// A limit of the text, where time is exact: in a simulation. On processes a busy machine may be
    /// late, and the limit is the other one.
    pub fn limit(&self, exact: Duration, on_processes: Duration) -> Duration {
        match &self.ground {
            Ground::Simulated(_) => exact,
            Ground::Processes(_) => on_processes,
        }
    }

    /// What the scenario draws from: the same on every try under one seed. It is asked for once,
    /// as each draw begins anew.
    pub fn draw(&self) -> Draw {
        Draw::new(self.seed, self.scenario)
    }

    /// What the seeds of the nodes are made of: a draw of its own, and of few bits, so that no node
    /// can find out from it which scenario it is in, or what that has drawn. Within walls it is
    /// chance: a table of the draws of all scenarios would name the scenario.
    pub fn seed_of_nodes(&self) -> u16 {
        if self.is_walled_in()
            && let Ok(chance) = getrandom::u32()
        {
            return chance as u16;
        }
        let mut draw = Draw::new(self.seed, &format!("the nodes of {}", self.scenario));
        draw.number(0..=u64::from(u16::MAX)) as u16
    }

    /// A number that nobody can know before: from the operating system, and in a simulation from the
    /// seed.
    ///
    /// # Errors
    /// When the system has none.
    pub fn chance(&self) -> crate::trouble::Result<u64> {
        match &self.ground {
            Ground::Processes(_) => {
                getrandom::u64().or_trouble(|| "get a random number from the operating system")
            }
            Ground::Simulated(simulation) => Ok(simulation.chance()),
        }
    }

    /// Whether the nodes are walled in.
    fn is_walled_in(&self) -> bool {
        matches!(&self.ground, Ground::Processes(processes) if processes.sandbox.is_some())
    }

    /// What it means for the scenario that a node did not come up, of which these are the last lines.
    ///
    /// That it does is the learner's business, except where the checker or the system failed to
    /// start the program, or started another one than was meant.
    pub(crate) fn not_ready(&self, name: &str, stderr: &[String], why: &NotReady) -> Stop {
        match why {
            NotReady::NoRoom(_) => Stop::inconclusive(format!(
                "The machine had no room for another process: {why}. It runs too much at once."
            )),
            NotReady::NotStarted(_) | NotReady::OtherSources { .. } => {
                Stop::fault(format!("The node {name}: {why}."))
            }
            NotReady::Ended(crate::guard::Ending::GuardLost) => {
                Stop::fault("The guard process is gone.")
            }
            NotReady::Ended(_) if self.is_walled_in() && bubblewrap_said(stderr).is_some() => {
                let said = bubblewrap_said(stderr).unwrap_or_default();
                Stop::inconclusive(format!("The checker could not isolate {name}: {said}."))
            }
            NotReady::Ended(_) | NotReady::TooLate(_) => match Stop::of_last_words(name, stderr) {
                Some(stop) => stop,
                None => {
                    let expected = match why {
                        NotReady::TooLate(_) => format!(
                            "{name} reports that it is ready, as soon as the `init` of each of its servers has returned"
                        ),
                        _ => format!("{name} starts, and reports that it is ready"),
                    };
                    self.failed(format!("{name} {why}"), expected)
                        .because("A node that does not come up cannot take part in the scenario.")
                        .stderr(name, stderr.to_vec())
                        .into()
                }
            },
        }
    }
}

/// What bubblewrap says when it cannot do its work, and so starts no node.
fn bubblewrap_said(stderr: &[String]) -> Option<&str> {
    stderr.iter().find_map(|line| line.strip_prefix("bwrap: "))
}

/// Whether a node could not start a thread or a process: the operating system's `EAGAIN`, as Rust
/// and tokio word it.
fn lacked_room<S: AsRef<str>>(stderr: &[S]) -> bool {
    stderr.iter().any(|line| {
        let line = line.as_ref();
        line.contains("Resource temporarily unavailable")
            || (line.contains("WouldBlock") && line.contains("spawn"))
    })
}

/// The gap that a panic of a node speaks of: `TODO(2)`.
///
/// `text` is the message of a `todo!("TODO(2) …")`, or lines of stderr that have it.
pub fn unwritten<S: AsRef<str>>(text: &[S]) -> Option<String> {
    text.iter().find_map(|line| {
        let (_, what) = line.as_ref().split_once("not yet implemented")?;
        let gap = what
            .find("TODO(")
            .and_then(|start| what[start..].split_inclusive(')').next());
        Some(gap.map_or_else(|| bare_todo(line.as_ref()), str::to_owned))
    })
}

/// What a panic speaks of that names no gap: `todo!()`, which a learner has left somewhere.
fn bare_todo(line: &str) -> String {
    let place = place_of_panic(&[line.to_owned()]);
    match place.and_then(|place| Some((place.file, place.line?))) {
        Some((file, line)) => {
            let file = file.to_string_lossy();
            let within = file.rfind("/src/").map_or(&*file, |at| &file[at + 1..]);
            format!("the `todo!()` in line {line} of {within}")
        }
        None => BARE_TODO.to_owned(),
    }
}

/// What a `todo!()` is called whose place is not known.
pub const BARE_TODO: &str = "a `todo!()`";

/// The steps of a scenario, read by the display of progress.
#[derive(Clone)]
pub struct Steps {
    last: Arc<Mutex<String>>,
    heard: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Steps {
    pub fn new(heard: impl Fn(&str) + Send + Sync + 'static) -> Steps {
        Steps {
            last: Arc::new(Mutex::new("start the scenario".into())),
            heard: Arc::new(heard),
        }
    }

    pub fn last(&self) -> String {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn next(&self, sentence: String) {
        (self.heard)(&sentence);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = sentence;
    }
}

/// What one try leaves behind besides its verdict.
#[derive(Clone, Default)]
pub struct Findings {
    observations: Arc<Mutex<Vec<String>>>,
    traces: Arc<Mutex<Vec<Trace>>>,
    coverage: Arc<Mutex<Coverage>>,
}

impl Findings {
    /// What was measured, a line each.
    pub fn observations(&self) -> Vec<String> {
        locked(&self.observations).clone()
    }

    /// What happened, in the order in which the clusters ended.
    pub fn traces(&self) -> MutexGuard<'_, Vec<Trace>> {
        locked(&self.traces)
    }

    /// What an exploration did.
    pub fn coverage(&self) -> Coverage {
        locked(&self.coverage).clone()
    }

    /// Adds what an exploration did.
    pub(crate) fn covered(&self, coverage: &Coverage) {
        locked(&self.coverage).add(coverage);
    }

    fn observe(&self, line: String) {
        locked(&self.observations).push(line);
    }

    /// Adds the trace of a cluster.
    pub(crate) fn leave(&self, trace: Trace) {
        self.traces().push(trace);
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gap_is_read_from_a_panic() {
        let lines = [
            "thread 'main' panicked at src/main.rs:3:5:",
            "not yet implemented: TODO(2) ask every node",
        ];
        assert_eq!(unwritten(&lines).as_deref(), Some("TODO(2)"));
        assert_eq!(
            unwritten(&["not yet implemented"]).as_deref(),
            Some("a `todo!()`")
        );
        assert_eq!(
            unwritten(&["panicked at exercises/part1/src/consumer.rs:44:9: not yet implemented"])
                .as_deref(),
            Some("the `todo!()` in line 44 of src/consumer.rs")
        );
        assert_eq!(unwritten(&["panicked: index out of bounds"]), None);
    }
}
