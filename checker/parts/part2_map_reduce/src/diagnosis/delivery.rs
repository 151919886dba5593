//! Symptoms of problem 4: what is lost, comes twice or late, and what the tasks count.

use super::functions::counted_too_often;
use super::manager;
use super::tasks::{About, LEASE, assigned, finished};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::seconds;
use testkit::trace::Fate;

pub(super) fn takes_results_of_another_job(case: &Case) -> Option<String> {
    assigned(case).iter().find_map(|reduce| {
        let inputs = reduce.inputs();
        let other = inputs.iter().find(|input| input.job != reduce.job)?;
        Some(format!(
            "{} of job {} was told to fetch the output of map {} of job {}",
            reduce.task, reduce.job, other.map, other.job
        ))
    })
}

pub(super) fn lists_an_output_twice(case: &Case) -> Option<String> {
    assigned(case).iter().find_map(|reduce| {
        let inputs = reduce.inputs();
        let twice = inputs.windows(2).find(|pair| pair[0] == pair[1])?;
        Some(format!(
            "{} was told to fetch the same output twice, that of map {} on {}",
            reduce.task, twice[0].map, twice[0].node
        ))
    })
}

pub(super) fn takes_both_attempts(case: &Case) -> Option<String> {
    told_to_fetch_both(case).or_else(|| too_much_after_a_late_result(case))
}

/// The reduce tasks of the manager's own node are not seen; but what they count is.
fn too_much_after_a_late_result(case: &Case) -> Option<String> {
    let (word, has, right) = counted_too_often(case)?;
    let finished = finished(case);
    let late =
        |about: &&About| about.is_map() && about.sent.fate == Fate::Held && about.sent.arrived();
    finished.iter().filter(late).find_map(|late| {
        let other = finished.iter().find(|other| {
            other.job == late.job && other.task == late.task && other.number != late.number
        })?;
        Some(format!(
            "{} gave a result of {}, then the held back one of {} arrived, and `{word}` was counted {has} times instead of {right}",
            other.sent.from, other.task, late.sent.from
        ))
    })
}

fn told_to_fetch_both(case: &Case) -> Option<String> {
    assigned(case).iter().find_map(|reduce| {
        let inputs = reduce.inputs();
        let same = |pair: &&[super::tasks::Input]| {
            pair[0].map == pair[1].map && pair[0].attempt != pair[1].attempt
        };
        let both = inputs.windows(2).find(same)?;
        Some(format!(
            "{} was told to fetch two outputs of map {}, one on {} and one on {}, of two attempts",
            reduce.task, both[0].map, both[0].node, both[1].node
        ))
    })
}

pub(super) fn job_ids_repeat(case: &Case) -> Option<String> {
    let (jobs, id) = case.failure.seen.split_once(", both have the id ")?;
    let (_, done) = jobs.split_once(", which was given after ")?;
    Some(format!(
        "after {done}, a new job got the id {id}, which an earlier one had"
    ))
}

/// What was dropped on its way, and not told again for longer than a lease.
pub(super) fn has_no_lease(case: &Case) -> Option<String> {
    let assigned = assigned(case);
    let end = case.events().next_back()?.at_us;
    assigned
        .iter()
        .filter(|about| about.sent.fate == Fate::Dropped && about.sent.at_us + 3 * LEASE < end)
        .find_map(|lost| {
            let again = assigned.iter().any(|about| {
                about.task == lost.task && about.job == lost.job && about.number != lost.number
            });
            let asked = case.messages().from(&lost.sent.to).to(manager(case));
            let asked = asked.since(lost.sent.at_us + LEASE);
            (!again && !asked.is_empty()).then(|| {
                format!(
                    "the message that gave {} to {} was lost, and {} later {} had still not been given to any node again",
                    lost.task,
                    lost.sent.to,
                    seconds(end - lost.sent.at_us),
                    lost.task
                )
            })
        })
}

pub(super) fn asks_once(case: &Case) -> Option<String> {
    let assigned = assigned(case);
    let end = case.events().next_back()?.at_us;
    let lost = assigned
        .iter()
        .find(|about| about.sent.fate == Fate::Dropped && about.sent.at_us + 3 * LEASE < end)?;
    let node = &lost.sent.message.to;
    let said = case
        .messages()
        .from(node)
        .to(manager(case))
        .since(lost.sent.at_us);
    let told = case.messages().from(manager(case)).to(node);
    let told = told.since(lost.sent.at_us + 1).named("Assign");
    (said.is_empty() && told.is_empty()).then(|| {
        format!(
            "the message that gave {} to {node} was lost; {node} said nothing in the {} since then, and was given no other task",
            lost.task,
            seconds(end - lost.sent.at_us)
        )
    })
}
