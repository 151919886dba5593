//! Symptoms of problem 5, and of nodes that die: who cannot fetch, and who does not answer.

use std::collections::{BTreeMap, BTreeSet};

use super::manager;
use super::tasks::{About, LEASE, Task, assigned, failed, finished};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Done, seconds};
use testkit::trace::{Change, Kind};

/// So often is no chance any more.
const OFTEN: usize = 3;

/// A node that was killed, and when the manager's node must have heard of it.
fn death<'a>(case: &Case<'a>) -> Option<(Done<'a>, u64)> {
    const HEARD: u64 = 50_000;
    let death = case.last_done(Change::Killed)?;
    let parted = case.parted(manager(case), death.node, death.step_us)?;
    Some((death, parted + HEARD))
}

pub(super) fn lost_outputs_count_as_done(case: &Case) -> Option<String> {
    told_to_fetch_from_the_dead(case).or_else(|| nothing_is_mapped_again(case))
}

fn told_to_fetch_from_the_dead(case: &Case) -> Option<String> {
    let (death, heard_us) = death(case)?;
    let assigned = assigned(case);
    // The last one: what was lost may have been done again meanwhile, also on the manager's own node.
    let last = assigned.iter().rfind(|about| !about.is_map())?;
    let inputs = last.inputs();
    let lost = inputs.iter().find(|input| input.node == death.node)?;
    if last.sent.at_us > heard_us {
        return Some(format!(
            "{} had heard that {} was down, and then told {} to fetch the output of map {} from there, for {}",
            manager(case),
            death.node,
            last.sent.to,
            lost.map,
            last.task
        ));
    }
    None
}

fn nothing_is_mapped_again(case: &Case) -> Option<String> {
    let (death, heard_us) = death(case)?;
    let end = case.events().next_back()?.at_us;
    let assigned = assigned(case);
    let mapped = |about: &&About| about.is_map() && about.sent.at_us > heard_us;
    let reduce = assigned.iter().rfind(|about| {
        let inputs = about.inputs();
        inputs.iter().any(|input| input.node == death.node)
    })?;
    let answered = finished(case).iter().any(|about| about.is_same(reduce));
    (!assigned.iter().any(|about| mapped(&about)) && !answered && end > heard_us + 3 * LEASE).then(|| {
        format!(
            "{} had been told to fetch from {} for {} when {} died, and {} later no map task had been given out again",
            reduce.sent.to, death.node, reduce.task, death.node, seconds(end - heard_us)
        )
    })
}

/// The manager knows that a task is not done: it says so. And it has given out others meanwhile.
pub(super) fn lost_task_does_not_wait(case: &Case) -> Option<String> {
    let (death, heard_us) = death(case)?;
    let end = case.events().next_back()?.at_us;
    if is_mapped(case)? || end < heard_us + 3 * LEASE {
        return None;
    }
    let assigned = assigned(case);
    let since = || assigned.iter().filter(|about| about.sent.at_us > heard_us);
    let finished = finished(case);
    let lost = finished.iter().find(|about| {
        let is_lost = about.is_map() && about.sent.from == death.node && about.sent.arrived();
        is_lost && !since().any(|given| given.task == about.task)
    })?;
    let other = since().next()?;
    Some(format!(
        "{} had finished {} before it died, and {}, which then gave {} to {} and says that not all map tasks are done, \
         gave {} to nobody",
        death.node,
        lost.task,
        manager(case),
        other.task,
        other.sent.to,
        lost.task
    ))
}

pub(super) fn reduces_on_the_same_worker_again(case: &Case) -> Option<String> {
    let mut times: BTreeMap<(Task, &str, &str), usize> = BTreeMap::new();
    let failed = failed(case);
    for about in &failed {
        if let Some(far) = about.unfetched() {
            let node = about.sent.message.from.as_str();
            *times.entry((about.task, node, far)).or_default() += 1;
        }
    }
    let (&(task, node, far), times) = times.iter().max_by_key(|(_, times)| **times)?;
    (*times >= OFTEN).then(|| {
        format!("{task} failed {times} times at {node}, each time because it could not fetch what lies on {far}")
    })
}

/// Who has said that it could not fetch from whom, and when first. A node that is paused answers
/// nobody, so a complaint about it says nothing of how the manager judges between two nodes.
fn complaint<'a>(case: &Case<'a>) -> Option<(&'a str, &'a str, u64)> {
    if case.last_done(Change::Paused).is_some() {
        return None;
    }
    let failed = failed(case);
    let mut first = failed.iter().filter(|about| about.sent.arrived());
    first.find_map(|about| {
        Some((
            about.sent.message.from.as_str(),
            about.unfetched()?,
            about.sent.at_us,
        ))
    })
}

/// Whether a node was given no task since a moment, although it said something to the manager more
/// than a lease later.
fn is_ruled_out(case: &Case, node: &str, since_us: u64) -> bool {
    let given = assigned(case);
    // What is given in the moment of the complaint may have been decided before it.
    let given = given
        .iter()
        .any(|about| about.sent.to == node && about.sent.at_us > since_us + LEASE);
    let said = case
        .messages()
        .from(node)
        .to(manager(case))
        .since(since_us + LEASE);
    !given && !said.arrived().is_empty()
}

/// Whether all map tasks are done, as the manager says of a job that is not.
fn is_mapped(case: &Case) -> Option<bool> {
    let (counts, _) = case.failure.seen.split_once(" map tasks and ")?;
    let (done, all) = counts.split_once(" of ")?;
    Some(done == all)
}

pub(super) fn distrusts_both_sides(case: &Case) -> Option<String> {
    let (who, whom, at_us) = complaint(case)?;
    let end = case.events().next_back()?.at_us;
    let both = [who, whom]
        .iter()
        .all(|node| is_ruled_out(case, node, at_us));
    (both && !is_mapped(case)?).then(|| {
        format!("{who} said that it could not fetch from {whom}, and for nearly all of the {} since then {} gave no task to either of them", seconds(end - at_us), manager(case))
    })
}

pub(super) fn blames_who_complains(case: &Case) -> Option<String> {
    let (who, whom, at_us) = complaint(case)?;
    let end = case.events().next_back()?.at_us;
    (is_ruled_out(case, who, at_us) && is_mapped(case)?).then(|| {
        format!("{who} said that it could not fetch from {whom}, {} then gave {who} nothing more to do, and {} later no map task had been taken back", manager(case), seconds(end - at_us))
    })
}

/// A task that was given to one node again and again, and to no other, and was not done there.
fn insistence<'a>(case: &Case<'a>, since_us: u64) -> Option<(Task, &'a str, usize)> {
    let finished = finished(case);
    let done = finished.iter().map(|about| (about.job, about.task));
    let done: BTreeSet<(&str, Task)> = done.collect();
    let mut given: BTreeMap<(&str, Task), Vec<&str>> = BTreeMap::new();
    for about in assigned(case) {
        if about.sent.at_us > since_us && !done.contains(&(about.job, about.task)) {
            given
                .entry((about.job, about.task))
                .or_default()
                .push(&about.sent.message.to);
        }
    }
    given.into_iter().find_map(|((_, task), nodes)| {
        let first = *nodes.first()?;
        let only = nodes.iter().all(|node| *node == first);
        (only && nodes.len() >= OFTEN).then_some((task, first, nodes.len()))
    })
}

pub(super) fn insists_on_the_same_worker(case: &Case) -> Option<String> {
    let paused = case.last_done(Change::Paused)?;
    let (task, node, times) = insistence(case, paused.step_us)?;
    (node == paused.node).then(|| {
        let manager = manager(case);
        format!(
            "{manager} gave {task} to {node} {times} times, which stood still, and to nobody else"
        )
    })
}

pub(super) fn keeps_the_dead(case: &Case) -> Option<String> {
    let crash = case.last_crash("workers")?;
    let (task, node, times) = insistence(case, crash.step_us)?;
    Some(format!(
        "after the workers had crashed, {} gave {task} to {node} {times} times, a lease apart, and there was no answer",
        manager(case)
    ))
}

pub(super) fn crashed_worker_is_not_replaced(case: &Case) -> Option<String> {
    let crash = case.last_crash("workers")?;
    let manager = manager(case);
    let starts = case.messages().from(manager).since(crash.step_us);
    let starts = starts.kind(Kind::Call).named("StartChild");
    let silent = case.nodes().iter().find(|node| {
        let said = case
            .messages()
            .from(node)
            .to(manager)
            .since(crash.at_us + LEASE);
        *node != manager && said.is_empty()
    })?;
    let end = case.events().next_back()?.at_us;
    (starts.is_empty() && end > crash.at_us + LEASE).then(|| {
        format!("the worker of {silent} crashed, {manager} did not have another one started there, and nothing came from {silent} after that")
    })
}

pub(super) fn waits_for_the_straggler(case: &Case) -> Option<String> {
    let paused = case.last_done(Change::Paused)?;
    let end = case.events().next_back()?.at_us;
    if !failed(case).is_empty() || end < paused.at_us + 2 * LEASE {
        return None;
    }
    let (assigned, finished) = (assigned(case), finished(case));
    let last = assigned
        .iter()
        .rfind(|about| about.sent.to == paused.node)?;
    let same = |about: &&About| about.task == last.task && about.job == last.job;
    let once = assigned.iter().filter(same).count() == 1;
    (once && !finished.iter().any(|done| same(&done))).then(|| {
        format!("{} had {} when it was paused, and {} later {} had not given that task to any node again", last.sent.to, last.task, seconds(end - paused.at_us), manager(case))
    })
}

pub(super) fn writes_into_a_finished_output(case: &Case) -> Option<String> {
    let (file, _) = case
        .failure
        .seen
        .split_once(" was written again after the job")?;
    let woken = case.last_done(Change::Resumed)?;
    Some(format!(
        "the job was done, then {} woke up with a reduce task in hand, and {file} was written again",
        woken.node
    ))
}
