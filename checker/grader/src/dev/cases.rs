//! Tries the diagnosis on failures that `checker dev check --cases DIR` has left: without running
//! anything, so that a symptom can be written and tried in seconds.

use std::fs;
use std::path::Path;

use crate::course::Course;
use crate::dev::matrix::{OUTCOME, in_brief, is_bad, named};
use crate::dev::variants::{Kind, Variant};
use crate::dev::{Tally, print};
use testkit::diagnosis::diagnose;
use testkit::part::Part;
use testkit::trace::Trace;
use testkit::trouble::{Result, While};
use testkit::verdict::{Outcome, Standing, Verdict};

/// Prints what the diagnosis says of each case that was kept in a folder.
///
/// # Errors
/// When the variants or the cases cannot be read.
pub fn replay(course: &Course, parts: &'static [Part], cases: &Path) -> Result<Standing> {
    let mut tally = Tally::default();
    for part in parts {
        let variants = Variant::read_all(&course.near_misses(part))?;
        for variant in variants {
            let case = cases.join(part.name).join(&variant.name);
            let Kind::NearMiss { mistakes, .. } = &variant.kind else {
                continue;
            };
            let Ok(text) = fs::read(case.join(OUTCOME)) else {
                continue;
            };
            let outcome: Outcome = serde_json::from_slice(&text)
                .or_trouble(|| format!("understand the case in {}", case.display()))?;
            let Verdict::Failed(failure) = &outcome.verdict else {
                continue;
            };
            let traces = Trace::read_all(&case);
            let scenario = &outcome.scenario;
            let diagnosis = diagnose(part, outcome.problem, scenario, failure, &traces);
            let naming = named(mistakes, diagnosis.as_ref());
            tally.count(&naming);
            print(format_args!(
                "{} {:<34} {}{}\n",
                part.name,
                variant.name,
                outcome.scenario,
                in_brief(&naming)
            ))?;
            if let Some(diagnosis) = diagnosis {
                print(format_args!("      because {}\n", diagnosis.because))?;
            }
            if is_bad(&naming) {
                print(format_args!("      about   {}\n", variant.about))?;
                print(format_args!("      seen    {}\n", failure.seen))?;
            }
        }
    }
    print(format_args!("{}\n", tally.in_words()))?;
    Ok(if tally.will_do() {
        Standing::Passed
    } else {
        Standing::Failed
    })
}
