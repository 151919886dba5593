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

use crate::manifest::PARTS;
use testkit::trace::Trace;
use testkit::verdict::{Diagnosis, Failure};

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
    /// The hint to read next, from 1 to 3: of the problem that the section is of, if the mistake can
    /// be made there, and else of the one that failed.
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
///
/// It never leads ahead: what is explained with a later problem is for those who are there.
pub fn diagnose(part: u8, problem: u8, case: &Case) -> Option<Diagnosis> {
    let fitting = mistakes(part)
        .iter()
        .filter(|mistake| mistake.problems.contains(&problem));
    fitting
        .filter_map(|mistake| {
            let because = (mistake.symptom)(case)?;
            let (training, hint_of) = mistake.lead(part, problem);
            Some(Diagnosis {
                mistake: mistake.id.to_owned(),
                suggests: mistake.suggests.to_owned(),
                because,
                training: training.to_owned(),
                hint: mistake.hint,
                hint_of,
            })
        })
        .next()
}

impl Mistake {
    /// The section of TRAINING.md for those who failed a problem, and the earlier problem whose hint
    /// is about the mistake, if it is one.
    fn lead(&self, part: u8, failed: u8) -> (&'static str, Option<u8>) {
        let problems = PARTS.iter().filter(|of| of.number == part);
        let mut problems = problems.flat_map(|part| part.problems);
        let explains = problems.clone().find(|of| of.anchor == self.training);
        match explains {
            Some(explains) if explains.number > failed => {
                let own = problems.find(|of| of.number == failed);
                (own.map_or(self.training, |own| own.anchor), None)
            }
            Some(explains) if explains.number < failed => {
                let is_made_there = self.problems.contains(&explains.number);
                (self.training, is_made_there.then_some(explains.number))
            }
            _ => (self.training, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_never_leads_to_a_later_problem() {
        for part in PARTS {
            for mistake in mistakes(part.number) {
                for failed in mistake.problems {
                    let (training, hint_of) = mistake.lead(part.number, *failed);
                    let leads_to = part.problems.iter().find(|of| of.anchor == training);
                    assert!(
                        leads_to.is_none_or(|of| of.number <= *failed),
                        "{} leads from problem {failed} to {training}",
                        mistake.id
                    );
                    assert!(hint_of.is_none_or(|of| of < *failed), "{}", mistake.id);
                }
            }
        }
    }

    #[test]
    fn hint_is_of_the_problem_that_explains_the_mistake() {
        #[track_caller]
        fn check(mistake: &str, failed: u8, expected: (&str, Option<u8>)) {
            let found = mistakes(1).iter().find(|other| other.id == mistake);
            assert_eq!(found.unwrap().lead(1, failed), expected);
        }
        check("counts-deliveries", 1, ("problem-1-broadcast", None));
        check("counts-deliveries", 4, ("problem-1-broadcast", Some(1)));
        check("overwrites-with-older", 1, ("problem-1-broadcast", None));
        check("overwrites-with-older", 5, ("problem-3-crash", Some(3)));
        check("tells-it-under-the-wrong-name", 5, ("the-messages", None));
    }
}
