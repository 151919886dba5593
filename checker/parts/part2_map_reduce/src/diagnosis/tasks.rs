//! The messages between managers and workers about tasks, read from the trace. Messages between the manager
//! and the worker of its own node go over no connection, so the trace does not have them.

use std::fmt;

use serde_json::Value;

use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::Sent;

/// How long an attempt may take before another one may be begun.
pub(super) const LEASE: u64 = 1_000_000;

/// A task of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    Map(u64),
    Reduce(u64),
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Task::Map(number) => write!(f, "map {number}"),
            Task::Reduce(number) => write!(f, "reduce {number}"),
        }
    }
}

/// A message about an attempt: that it is to be made, or what came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) sent: Sent<'a>,
    pub(super) job: &'a str,
    pub(super) task: Task,
}

/// An output of a map task that a reduce task is to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Input<'a> {
    pub(super) map: u64,
    pub(super) attempt: u64,
    pub(super) node: &'a str,
    pub(super) job: &'a str,
}

impl<'a> About<'a> {
    fn read(sent: Sent<'a>) -> Option<About<'a>> {
        let attempt = sent.field("attempt")?;
        let (kind, number) = attempt.get("task")?.as_object()?.iter().next()?;
        let number = number.as_u64()?;
        Some(About {
            sent,
            job: attempt.get("job")?.as_str()?,
            task: match kind.as_str() {
                "Map" => Task::Map(number),
                _ => Task::Reduce(number),
            },
        })
    }

    /// Whether it is about a map task.
    pub(super) fn is_map(&self) -> bool {
        self.map().is_some()
    }

    /// The number of the map task, if it is about one.
    pub(super) fn map(&self) -> Option<u64> {
        match self.task {
            Task::Map(number) => Some(number),
            Task::Reduce(_) => None,
        }
    }

    /// What the reduce task is to fetch, in the order of the maps.
    pub(super) fn inputs(&self) -> Vec<Input<'a>> {
        let inputs = self.sent.field("work").and_then(|work| work.get("Reduce"));
        let inputs = inputs.and_then(|reduce| reduce.get("inputs")?.as_array());
        let read = |input: &'a Value| {
            Some(Input {
                map: input.get("map")?.as_u64()?,
                attempt: input.get("attempt")?.as_u64()?,
                node: input.get("node")?.as_str()?,
                job: input.get("job")?.as_str()?,
            })
        };
        let mut inputs: Vec<Input> = inputs.into_iter().flatten().filter_map(read).collect();
        inputs.sort_unstable();
        inputs
    }

    /// The node of an output that could not be fetched, if that is what it says.
    pub(super) fn unfetched(&self) -> Option<&'a str> {
        let why = self.sent.field("why")?.get("Unfetched")?;
        why.get("output")?.get("node")?.as_str()
    }
}

/// The messages of a name that are about attempts, in the order of their sending.
fn about<'a>(case: &Case<'a>, name: &str) -> Vec<About<'a>> {
    let messages = case.messages().named(name);
    messages
        .iter()
        .filter_map(|sent| About::read(*sent))
        .collect()
}

/// The attempts that other nodes were given.
pub(super) fn assigned<'a>(case: &Case<'a>) -> Vec<About<'a>> {
    about(case, "Assign")
}

/// The attempts that other nodes reported as done.
pub(super) fn finished<'a>(case: &Case<'a>) -> Vec<About<'a>> {
    about(case, "Finished")
}

/// The attempts that other nodes reported as failed.
pub(super) fn failed<'a>(case: &Case<'a>) -> Vec<About<'a>> {
    about(case, "Failed")
}
