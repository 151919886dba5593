//! Symptoms of problem 2: who is given which task, and when.

use super::manager;
use super::tasks::{About, assigned, finished};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Messages, listed};
use testkit::trace::{Fate, Kind};

/// What the manager's node said to other nodes, except that a job is over, which all are told.
fn told_of_work<'a>(case: &Case<'a>) -> Messages<'a> {
    let said = case.messages().from(manager(case));
    said.that(|sent| sent.server.as_deref() != Some("partitions"))
}

/// An attempt of this age cannot have been begun again by somebody else.
const YOUNG: u64 = 400_000;

pub(super) fn works_alone(case: &Case) -> Option<String> {
    let nothing_came = case.failure.seen.starts_with("no result came in");
    let given_job = case.step("is given a job")?;
    let manager = manager(case);
    let others = case.nodes().iter().filter(|node| *node != manager);
    let linked = others.filter(|node| {
        case.connected(manager, node)
            .is_some_and(|at| at < given_job)
    });
    let linked: Vec<&String> = linked.collect();
    let said = told_of_work(case).since(given_job);
    (nothing_came && !linked.is_empty() && said.is_empty()).then(|| {
        let linked = listed(&linked);
        format!(
            "{manager} was given a job while it was connected to {linked}, and sent them nothing"
        )
    })
}

pub(super) fn looks_at_the_list_once(case: &Case) -> Option<String> {
    let late = case.failure.seen.strip_prefix("no result came from ")?;
    let begun = case.step("is given a job")?;
    let manager = manager(case);
    let joined = case
        .connected(manager, late)
        .filter(|at_us| *at_us > begun)?;
    let told = told_of_work(case).to(late).since(joined);
    let others = assigned(case);
    let other = others.iter().find(|about| about.sent.at_us > joined)?;
    told.is_empty().then(|| {
        format!("{late} joined when the job was under way, {manager} went on to give tasks to {}, and never sent anything to {late}", other.sent.to)
    })
}

/// A map task that was still being done when a reduce task was given out already.
fn unfinished_map<'a>(case: &Case<'a>) -> Option<(About<'a>, About<'a>)> {
    let assigned = assigned(case);
    let reduce = *assigned.iter().find(|about| !about.is_map())?;
    let finished = finished(case);
    let late = finished.iter().filter(|about| {
        about.is_map() && about.job == reduce.job && about.sent.at_us > reduce.sent.at_us
    });
    let open = |late: &&About| {
        let begun = assigned.iter().find(|about| about.is_same(late));
        let young = |begun: &About| begun.sent.at_us + YOUNG > reduce.sent.at_us;
        let first = assigned
            .iter()
            .find(|about| about.task == late.task && about.job == late.job);
        begun.is_some_and(|begun| young(begun) && begun.sent.at_us < reduce.sent.at_us)
            && first.is_some_and(|first| first.is_same(late))
    };
    let done_before = |late: &&About| {
        let mut before = finished.iter();
        before.any(|about| {
            (about.job, about.task) == (late.job, late.task) && about.sent.at_us < reduce.sent.at_us
        })
    };
    let mut late = late.filter(|late| open(late) && !done_before(late));
    late.next().map(|late| (reduce, *late))
}

/// A reduce task that was to fetch from fewer maps than a later one of the same job, and a map
/// that it lacks. So one shows that was still being done on the manager's own node.
fn reduce_without_a_map<'a>(case: &Case<'a>) -> Option<(About<'a>, u64)> {
    let mut reduces = assigned(case);
    reduces.retain(|about| !about.inputs().is_empty());
    reduces.iter().enumerate().find_map(|(place, reduce)| {
        let inputs = reduce.inputs();
        let later = reduces[place..]
            .iter()
            .filter(|later| later.job == reduce.job);
        let mut known = later.flat_map(About::inputs).map(|input| input.map);
        let lacks = known.find(|map| inputs.iter().all(|input| input.map != *map))?;
        Some((*reduce, lacks))
    })
}

pub(super) fn counts_messages(case: &Case) -> Option<String> {
    let seen = unfinished_map(case);
    let seen = seen.map(|(reduce, late)| {
        let what = format!(
            "when {} was still being done at {}",
            late.task, late.sent.from
        );
        (reduce, what)
    });
    let (reduce, when) = seen.or_else(|| {
        let (reduce, map) = reduce_without_a_map(case)?;
        let what =
            format!("without the output of map {map}, which a later reduce task was to fetch");
        Some((reduce, what))
    })?;
    let finished = finished(case);
    let twice = finished.iter().find(|about| {
        about.is_map() && about.sent.fate == Fate::Doubled && about.sent.at_us < reduce.sent.at_us
    })?;
    Some(format!(
        "the result of {} came twice; and {} gave {} to {} {when}",
        twice.task,
        manager(case),
        reduce.task,
        reduce.sent.to
    ))
}

pub(super) fn reduces_before_all_is_mapped(case: &Case) -> Option<String> {
    let (reduce, late) = unfinished_map(case)?;
    Some(format!(
        "{} gave {} to {} when {} was still being done at {}, of which it then had no output to fetch",
        manager(case),
        reduce.task,
        reduce.sent.to,
        late.task,
        late.sent.from
    ))
}

pub(super) fn works_in_waves(case: &Case) -> Option<String> {
    let idle = case.failure.seen.strip_suffix(" was given no other task");
    let idle = idle.or_else(|| case.failure.seen.split(" was given no other task").next())?;
    let assigned = assigned(case);
    let finished = finished(case);
    let last = assigned.iter().rfind(|about| about.sent.to == idle)?;
    let answer = finished
        .iter()
        .find(|about| about.is_same(last) && about.sent.arrived())?;
    let held = finished.iter().find(|about| !about.sent.arrived())?;
    (case.failure.seen.contains("was given no other task")).then(|| {
        format!(
            "{idle} had answered {}, {} still waited for {}, which {} had, and gave {idle} nothing to do",
            answer.task, manager(case), held.task, held.sent.from
        )
    })
}

pub(super) fn forgets_idle_workers(case: &Case) -> Option<String> {
    let words = "no result of a reduce task came from ";
    let idle = case.failure.seen.strip_prefix(words)?;
    let assigned = assigned(case);
    let reduces = assigned.iter().filter(|about| !about.is_map());
    let (own, others): (Vec<&About>, Vec<&About>) =
        reduces.partition(|about| about.sent.to == idle);
    let finished = finished(case);
    let last = finished.iter().rfind(|about| about.sent.from == idle)?;
    let first = others.first().map(|about| about.sent.at_us);
    let was_idle = first.is_none_or(|first| last.sent.at_us < first);
    (own.is_empty() && was_idle).then(|| {
        let manager = manager(case);
        format!(
            "{idle} had finished {} before a reduce task was given out, and {manager} gave {idle} none of them",
            last.task
        )
    })
}

pub(super) fn does_not_fetch(case: &Case) -> Option<String> {
    let asks = case.step("what map tasks have left there")?;
    let fetched = case.messages().before(asks).named("Fetch").kind(Kind::Call);
    let maps = finished(case);
    let far = maps.iter().find(|about| about.is_map())?;
    fetched.is_empty().then(|| {
        format!(
            "{} did {}, the job got done, and no node ever sent another one a `Fetch`",
            far.sent.from, far.task
        )
    })
}
