//! A mistake as a part declares it, and what its symptom gets to see.

use serde_json::Value;

use crate::trace::Trace;

/// A mistake that learners make, and its symptom.
#[derive(Debug)]
pub struct Mistake {
    /// Names it forever.
    pub id: &'static str,
    /// The problems whose failures may come of it.
    pub problems: &'static [u8],
    /// It as a sentence about the learner's program.
    pub suggests: &'static str,
    /// The anchor of the section that explains it, in the chapter of the part.
    pub training: &'static str,
    /// The hint to read next, from 1 to 3: of the problem that the section is of, if the mistake can
    /// be made there, and else of the one that failed.
    pub hint: u8,
    /// Looks for its symptom, and tells what was seen, so that it reads well behind "because".
    pub symptom: fn(&Case) -> Option<String>,
}

/// A failure as symptoms see it, and what happened before it.
pub struct Case<'a> {
    /// The scenario's id.
    pub scenario: &'a str,
    /// Which claim did not hold and what was seen, as data, if the scenario says so.
    pub fact: Option<&'a Value>,
    /// What happened in the clusters of the try; usually one.
    pub traces: &'a [Trace],
}
