//! From a failure to the mistake behind it, where what happened gives it away.
//!
//! A failed claim says what is wrong with what the nodes did. Often the record shows more: which
//! of the well-known mistakes was made. Each mistake is known by a symptom, a function that looks
//! for evidence in the failure and in the trace and returns it as text, or nothing. A mistake is
//! only named with its evidence, and only as a suggestion.
//!
//! `checker dev check` tells for each near-miss whether its mistake is named.

pub mod evidence;
pub(crate) mod mistake;
pub mod service;
pub mod tale;

use serde::{Deserialize, Serialize};

pub use mistake::{Case, Mistake};

use crate::part::Part;
use crate::trace::Trace;
use crate::verdict::{Diagnosis, Failure};

/// The fact of a failure that [`Cluster::untold_failure`](crate::cluster::Cluster::untold_failure) makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "claim", rename_all = "snake_case")]
pub enum Untold {
    /// A node knows something that no message can have told it.
    Untold {
        /// Which.
        node: String,
    },
}

/// The first mistake whose symptom is there.
///
/// It never leads ahead: what is explained with a later problem is for those who are there.
pub fn diagnose(
    part: &Part,
    problem: u8,
    scenario: &str,
    failure: &Failure,
    traces: &[Trace],
) -> Option<Diagnosis> {
    // Symptoms are found in data. No sentence gets to them, so that none can be taken for a fact.
    let traces: Vec<Trace> = traces.iter().map(Trace::without_sentences).collect();
    let case = &Case {
        scenario,
        fact: failure.fact.as_ref(),
        traces: &traces,
    };
    let fitting = part
        .mistakes
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
                training: part.section(training),
                hint: mistake.hint,
                hint_of,
            })
        })
        .next()
}

impl Mistake {
    /// The anchor of the section for those who failed a problem, and the earlier problem whose hint
    /// is about the mistake, if it is one.
    pub fn lead(&self, part: &Part, failed: u8) -> (&'static str, Option<u8>) {
        let mut problems = part.problems.iter();
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
