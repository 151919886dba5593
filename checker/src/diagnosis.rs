//! From a failure to the mistake behind it, where what happened gives it away.
//!
//! A failed claim says what is wrong with what the nodes did. Often the record shows more: which
//! of the well-known mistakes was made. Each mistake is known by a symptom, a function that looks
//! for evidence in the failure and in the trace and returns it as text, or nothing. A mistake is
//! only named with its evidence, and only as a suggestion.
//!
//! `checker dev check` tells for each near-miss whether its mistake is named.

mod evidence;
mod part1;
mod part2;
mod part3;
mod part4;
mod service;
#[cfg(test)]
mod tale;

use serde::{Deserialize, Serialize};

use crate::trace::Trace;
use crate::verdict::Failure;

/// A mistake that what was seen suggests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Names the mistake for ever: `counts-deliveries`.
    pub mistake: String,
    /// The mistake in plain words, a sentence about the learner's program.
    pub suggests: String,
    /// What was seen that suggests it, in words.
    pub because: String,
    /// The section of TRAINING.md that explains it, without the `#`.
    pub training: String,
    /// The hint of the problem to read next, from 1 to 3.
    pub hint: u8,
}

impl Diagnosis {
    /// The evidence, as a fragment of a sentence that says what it is evidence of.
    pub(crate) fn evidence(&self) -> String {
        let because = self.because.trim_end_matches('.');
        format!("What we saw suggests so, because {because}")
    }
}

/// A mistake that learners make, and its symptom.
pub struct Mistake {
    /// Names it for ever.
    pub id: &'static str,
    /// The problems whose failures may come of it.
    pub problems: &'static [u8],
    /// It in plain words, a sentence about the learner's program.
    pub suggests: &'static str,
    /// The section of TRAINING.md that explains it, without the `#`.
    pub training: &'static str,
    /// The hint of the problem to read next, from 1 to 3.
    pub hint: u8,
    /// Looks for its symptom, and tells what was seen, so that it reads well behind "because".
    pub symptom: fn(&Case) -> Option<String>,
}

/// A failure, and what happened before it.
pub struct Case<'a> {
    /// The scenario's id.
    pub scenario: &'a str,
    /// The claim that did not hold.
    pub failure: &'a Failure,
    /// What happened in the clusters of the try; usually one.
    pub traces: &'a [Trace],
}

/// The mistakes of a part, the more telling ones first.
pub fn mistakes(part: u8) -> &'static [Mistake] {
    match part {
        1 => part1::MISTAKES,
        2 => part2::MISTAKES,
        3 => part3::MISTAKES,
        4 => part4::MISTAKES,
        _ => &[],
    }
}

/// The first mistake whose symptom is there.
pub fn diagnose(part: u8, problem: u8, case: &Case) -> Option<Diagnosis> {
    let fitting = mistakes(part)
        .iter()
        .filter(|mistake| mistake.problems.contains(&problem));
    fitting
        .filter_map(|mistake| {
            let because = (mistake.symptom)(case)?;
            Some(Diagnosis {
                mistake: mistake.id.to_owned(),
                suggests: mistake.suggests.to_owned(),
                because,
                training: mistake.training.to_owned(),
                hint: mistake.hint,
            })
        })
        .next()
}
