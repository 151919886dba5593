//! Adding to a failure what helps to understand it.

use serde::Serialize;

use crate::scenario::Stop;
use crate::verdict::Failure;

/// Says more about a failure, where there is one; leaves everything else alone.
pub trait Explained {
    /// Says why the rule exists that was broken.
    fn because(self, why: impl Into<String>) -> Self;
    /// States another claim: what was asked for is a means here, and this is the end.
    fn claiming(self, claim: &str) -> Self;
    /// Adds something that is known besides, as a sentence.
    fn evidence(self, known: impl Into<String>) -> Self;
    /// Says which claim it was and what was seen, as data; what was said already stays.
    fn fact(self, fact: &impl Serialize) -> Self;
    /// Names the section of the text: `training/part1.md#messages`.
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

    fn evidence(self, known: impl Into<String>) -> Self {
        self.map_err(|stop| explain(stop, |failure| failure.evidence(known)))
    }

    fn fact(self, fact: &impl Serialize) -> Self {
        self.map_err(|stop| {
            explain(stop, |failure| match failure.fact {
                Some(_) => failure,
                None => failure.fact(fact),
            })
        })
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
    match stop {
        Stop::Failed(failure) => more(*failure).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_are_explained() {
        let failed: Result<(), Stop> = Err(Failure::new("step", "seen", "expected").into());
        let Err(stop) = failed.because("why").evidence("a fact").training("part-1") else {
            panic!("it failed")
        };
        let Stop::Failed(failure) = stop else {
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
