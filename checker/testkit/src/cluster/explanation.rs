//! Adding to a failure what helps to understand it.

use crate::scenario::Stop;
use crate::verdict::{Failure, Place, Verdict};

/// Says more about a failure, where there is one; leaves everything else alone.
pub trait Explained {
    /// Says why the rule exists that was broken.
    fn because(self, why: impl Into<String>) -> Self;
    /// States another claim: what was asked for is a means here, and this is the end.
    fn claiming(self, claim: &str) -> Self;
    /// Adds a fact.
    fn evidence(self, fact: impl Into<String>) -> Self;
    /// Names the section of TRAINING.md, without the `#`.
    fn training(self, section: impl Into<String>) -> Self;
    /// Says that every other scenario would fail in the same way.
    fn before_all(self) -> Self;
}

impl<T> Explained for Result<T, Stop> {
    fn because(self, why: impl Into<String>) -> Self {
        self.map_err(|stop| explain(stop, |failure| failure.because(why)))
    }

    fn claiming(self, claim: &str) -> Self {
        self.map_err(|stop| {
            explain(stop, |failure| Failure {
                expected: claim.to_owned(),
                ..failure
            })
        })
    }

    fn evidence(self, fact: impl Into<String>) -> Self {
        self.map_err(|stop| explain(stop, |failure| failure.evidence(fact)))
    }

    fn training(self, section: impl Into<String>) -> Self {
        self.map_err(|stop| {
            explain(stop, |failure| Failure {
                training: Some(section.into()),
                ..failure
            })
        })
    }

    fn before_all(self) -> Self {
        self.map_err(|stop| {
            explain(stop, |failure| Failure {
                before_all: true,
                ..failure
            })
        })
    }
}

fn explain(stop: Stop, more: impl FnOnce(Failure) -> Failure) -> Stop {
    match stop.into_verdict() {
        Verdict::Failed(failure) => more(*failure).into(),
        other => stop_of(other),
    }
}

/// A verdict again as the end of a story.
pub(super) fn stop_of(verdict: Verdict) -> Stop {
    match verdict {
        Verdict::Failed(failure) => (*failure).into(),
        Verdict::NotWritten { gap } => Stop::not_written(gap),
        Verdict::Inconclusive { why } => Stop::inconclusive(why),
        Verdict::CheckerFault { why } => Stop::fault(why),
        Verdict::Passed { .. } => Stop::fault("A pass was taken for a failure."),
    }
}

/// The last place in the learner's code that a panic on stderr names.
pub fn place_of_panic(stderr: &[String]) -> Option<Place> {
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn only_failures_are_explained() {
        let failed: Result<(), Stop> = Err(Failure::new("step", "seen", "expected").into());
        let Err(stop) = failed.because("why").evidence("a fact").training("part-1") else {
            panic!("it failed")
        };
        let Verdict::Failed(failure) = stop.into_verdict() else {
            panic!("it failed")
        };
        assert_eq!((failure.why.as_str(), failure.evidence.len()), ("why", 1));
        assert_eq!(failure.training.as_deref(), Some("part-1"));
        let silent: Result<(), Stop> = Err(Stop::not_written("TODO(1)"));
        assert_eq!(
            silent.because("why").unwrap_err(),
            Stop::not_written("TODO(1)")
        );
    }
}
