//! The symptoms of the mistakes: messages of the trace that show them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::tasks::{About, Input, LEASE, Task, assigned, failed, finished};
use crate::fact::{Fact, Step};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Messages, listed};
use testkit::trace::{Change, Kind, What};

/// What happens so often does not happen by chance.
const OFTEN: usize = 3;

/// The node whose manager was given the last job, and when.
fn job_given(case: &Case) -> Option<(String, u64)> {
    case.events().rev().find_map(|event| match &event.what {
        What::Step {
            fact: Some(fact), ..
        } => {
            let Step::JobGiven { manager } = Step::deserialize(fact).ok()?;
            Some((manager, event.at_us))
        }
        _ => None,
    })
}

/// What the manager's node sent to other nodes, except that a job has ended, which goes to all.
fn sent_of_work<'a>(case: &Case<'a>, manager: &str) -> Messages<'a> {
    let sent = case.messages().from(manager);
    sent.that(|sent| sent.server.as_deref() != Some("partitions"))
}

pub(super) fn key_in_two_files(case: &Case) -> Option<String> {
    let Fact::KeyInTwoFiles { key, files } = case.fact()? else {
        return None;
    };
    let [one, other] = files;
    Some(format!(
        "`{key}` is in {one} and in {other}, so its pairs went to two reduce tasks"
    ))
}

pub(super) fn works_alone(case: &Case) -> Option<String> {
    if case.fact::<Fact>()? != Fact::NoResult {
        return None;
    }
    let (manager, given_us) = job_given(case)?;
    let others = case.nodes().iter().filter(|node| **node != manager);
    let is_connected = |node: &&String| {
        let connected = case.connected(&manager, node);
        connected.is_some_and(|at_us| at_us < given_us)
    };
    let connected: Vec<&String> = others.filter(is_connected).collect();
    let sent = sent_of_work(case, &manager).since(given_us);
    (!connected.is_empty() && sent.is_empty()).then(|| {
        let connected = listed(&connected);
        format!("{manager} was given a job while it was connected to {connected}, and sent them no message")
    })
}

pub(super) fn looks_at_the_list_once(case: &Case) -> Option<String> {
    let Fact::NoResultFrom { node: late } = case.fact()? else {
        return None;
    };
    let (manager, given_us) = job_given(case)?;
    let joined = case.connected(&manager, &late)?;
    let sent = sent_of_work(case, &manager).to(&late).since(joined);
    let assigned = assigned(case);
    let other = assigned.iter().find(|about| about.sent.at_us > joined)?;
    (joined > given_us && sent.is_empty()).then(|| {
        format!(
            "{late} joined during the job, {manager} gave later tasks to {}, and {manager} never sent a message to {late}",
            other.sent.to
        )
    })
}

/// The first reduce task for which something holds, with what that tells.
fn of_inputs<'a, T>(
    case: &Case<'a>,
    tells: impl Fn(&[Input<'a>], &About<'a>) -> Option<T>,
) -> Option<(About<'a>, T)> {
    let mut assigned = assigned(case).into_iter();
    assigned.find_map(|reduce| {
        let told = tells(&reduce.inputs(), &reduce)?;
        Some((reduce, told))
    })
}

pub(super) fn reduces_before_all_is_mapped(case: &Case) -> Option<String> {
    let all = assigned(case);
    let (reduce, map) = of_inputs(case, |inputs, reduce| {
        if reduce.is_map() {
            return None;
        }
        let of_job = all.iter().filter(|about| about.job == reduce.job);
        let named = of_job.flat_map(|about| {
            let inputs = about.inputs();
            let inputs = inputs.into_iter().map(|input| input.map);
            inputs.chain(about.map())
        });
        let mut named = named.filter(|map| inputs.iter().all(|input| input.map != *map));
        named.next()
    })?;
    Some(format!(
        "{} gave {} to {} without the output of map {map}",
        reduce.sent.from, reduce.task, reduce.sent.to
    ))
}

pub(super) fn takes_results_of_another_job(case: &Case) -> Option<String> {
    let (reduce, (map, job)) = of_inputs(case, |inputs, reduce| {
        let other = inputs.iter().find(|input| input.job != reduce.job)?;
        Some((other.map, other.job))
    })?;
    Some(format!(
        "{} of job {} had to fetch the output of map {map} of job {job}",
        reduce.task, reduce.job
    ))
}

pub(super) fn lists_an_output_twice(case: &Case) -> Option<String> {
    let (reduce, twice) = of_inputs(case, |inputs, _| {
        let mut pairs = inputs.windows(2);
        pairs.find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    })?;
    Some(format!(
        "{} had to fetch the same output twice, that of map {} on {}",
        reduce.task, twice.map, twice.node
    ))
}

pub(super) fn takes_both_attempts(case: &Case) -> Option<String> {
    let (reduce, [one, other]) = of_inputs(case, |inputs, _| {
        let both = inputs.windows(2).find(|pair| {
            let task = |input: &Input<'_>| (input.job.to_owned(), input.map);
            task(&pair[0]) == task(&pair[1]) && pair[0].attempt != pair[1].attempt
        })?;
        Some([both[0], both[1]])
    })?;
    Some(format!(
        "{} had to fetch two outputs of map {}, one on {} and one on {}, of two attempts",
        reduce.task, one.map, one.node, other.node
    ))
}

pub(super) fn renames_its_jobs(case: &Case) -> Option<String> {
    let Fact::JobUnknown { manager } = case.fact()? else {
        return None;
    };
    let crash = case.last_crash("manager")?;
    let assigned = assigned(case);
    let mut tasks = assigned.iter();
    let before = tasks.find(|about| about.sent.at_us < crash.step_us)?;
    let after = tasks.find(|about| about.sent.at_us > crash.at_us && about.job != before.job)?;
    Some(format!(
        "before its crash {manager}'s manager gave out tasks of job {}, and afterward tasks of job {}",
        before.job, after.job
    ))
}

pub(super) fn crashed_worker_is_not_replaced(case: &Case) -> Option<String> {
    let crash = case.last_crash("workers")?;
    let (manager, _) = job_given(case)?;
    let starts = case.messages().from(&manager).since(crash.step_us);
    let starts = starts.kind(Kind::Call).named("StartChild");
    let end = case.events().next_back()?.at_us;
    let silent = case.nodes().iter().find(|node| {
        let sent = case.messages().from(node).to(&manager);
        **node != manager && sent.since(crash.at_us + LEASE).is_empty()
    })?;
    (starts.is_empty() && end > crash.at_us + LEASE).then(|| {
        format!("the worker of {silent} crashed, {manager} started no other worker there, and {silent} sent no message after that")
    })
}

pub(super) fn lost_outputs_count_as_done(case: &Case) -> Option<String> {
    /// After this time the manager knows of a connection that closed.
    const HEARD_US: u64 = 50_000;
    let (manager, _) = job_given(case)?;
    let death = case.last_done(Change::Killed)?;
    let heard_us = case.parted(&manager, death.node, death.step_us)? + HEARD_US;
    // The last one: what was lost may have been computed again meanwhile, even on the manager's own node.
    let assigned = assigned(case);
    let last = assigned.iter().rfind(|about| !about.is_map())?;
    let inputs = last.inputs();
    let lost = inputs.iter().find(|input| input.node == death.node)?;
    (last.sent.at_us > heard_us).then(|| {
        format!(
            "{manager} lost its connection to {}, and later gave {} to {} with the output of map {} to fetch from {}",
            death.node, last.task, last.sent.to, lost.map, death.node
        )
    })
}

pub(super) fn reduces_on_the_same_worker_again(case: &Case) -> Option<String> {
    let mut times: BTreeMap<(Task, &str, &str), usize> = BTreeMap::new();
    for about in &failed(case) {
        if let Some(far) = about.unfetched() {
            let node = about.sent.message.from.as_str();
            *times.entry((about.task, node, far)).or_default() += 1;
        }
    }
    let (&(task, node, far), times) = times.iter().max_by_key(|(_, times)| **times)?;
    (*times >= OFTEN).then(|| {
        format!("{task} failed {times} times on {node}, each time because {node} could not fetch from {far}")
    })
}

pub(super) fn insists_on_the_same_worker(case: &Case) -> Option<String> {
    let paused = case.last_done(Change::Paused)?;
    let (manager, _) = job_given(case)?;
    let finished = finished(case);
    let done: BTreeSet<(&str, Task)> = finished
        .iter()
        .map(|about| (about.job, about.task))
        .collect();
    let mut given: BTreeMap<(&str, Task), Vec<&str>> = BTreeMap::new();
    for about in assigned(case) {
        if about.sent.at_us > paused.step_us && !done.contains(&(about.job, about.task)) {
            let nodes = given.entry((about.job, about.task)).or_default();
            nodes.push(&about.sent.message.to);
        }
    }
    let ((_, task), nodes) = given
        .into_iter()
        .find(|(_, nodes)| nodes.len() >= OFTEN && nodes.iter().all(|node| *node == paused.node))?;
    let times = nodes.len();
    Some(format!(
        "{manager} gave {task} to {} {times} times while {} was paused, and to no other node",
        paused.node, paused.node
    ))
}
