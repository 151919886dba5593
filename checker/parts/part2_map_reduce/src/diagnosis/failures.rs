//! Symptoms of problem 3, and of problem 6: workers and managers that crash, and nodes that die.

use std::collections::BTreeMap;

use super::manager;
use super::tasks::{LEASE, Task, assigned, finished};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{listed, seconds};
use testkit::trace::Change;

/// How many panics the nodes have told of in what they wrote.
fn panics(case: &Case) -> usize {
    let of = |node: &String| {
        let lines = case.lines_of(node);
        lines
            .filter(|line| line.text.contains("panicked at"))
            .count()
    };
    case.nodes().iter().map(of).sum()
}

fn given_up<'a>(case: &Case<'a>) -> Option<&'a str> {
    let (_, why) = case.failure.seen.split_once("manager gave the job up: ")?;
    Some(why)
}

pub(super) fn gives_up_when_a_node_goes(case: &Case) -> Option<String> {
    let why = given_up(case)?;
    let killed = case.last_done(Change::Killed)?;
    (panics(case) == 0).then(|| {
        let (node, manager) = (killed.node, manager(case));
        format!(
            "{node} was killed, no task had crashed, and {manager}'s manager gave the job up: {why}"
        )
    })
}

pub(super) fn gives_up_too_early(case: &Case) -> Option<String> {
    const MOST_CRASHES: usize = 4;
    let why = given_up(case)?;
    let crashes = panics(case);
    (1..MOST_CRASHES).contains(&crashes).then(|| {
        let times = match crashes {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let manager = manager(case);
        format!("a task had crashed {times}, and {manager}'s manager gave the job up: {why}")
    })
}

pub(super) fn never_gives_up(case: &Case) -> Option<String> {
    let (_, times) = case
        .failure
        .seen
        .split_once("the same record has crashed ")?;
    let times = times.split(' ').next()?;
    Some(format!(
        "the same record crashed {times} times, each time in another attempt, and there was one more attempt each time"
    ))
}

pub(super) fn late_crash_does_not_count(case: &Case) -> Option<String> {
    let (_, times) = case.failure.seen.split_once("crashed ")?;
    let times: u64 = times.split(' ').next()?.parse().ok()?;
    let mut attempts: BTreeMap<Task, u64> = BTreeMap::new();
    for about in assigned(case) {
        *attempts.entry(about.task).or_default() += 1;
    }
    let (task, most) = attempts.into_iter().max_by_key(|(_, attempts)| *attempts)?;
    (times > 4 && most > 1).then(|| {
        format!("{task} was given to other nodes {most} times, each attempt crashed more than {} after it had begun, and {times} crashes did not end the job", seconds(LEASE))
    })
}

pub(super) fn error_without_split(case: &Case) -> Option<String> {
    let (_, error) = case
        .failure
        .seen
        .split_once("the job failed with the error ")?;
    Some(format!(
        "the job failed with the error {error}, in which there is no file's name"
    ))
}

pub(super) fn shows_a_partial_output(case: &Case) -> Option<String> {
    let (_, left) = case.failure.seen.split_once("the job failed, and left ")?;
    Some(format!("the job failed, and left {left}"))
}

pub(super) fn forgets_its_jobs(case: &Case) -> Option<String> {
    let crash = case.last_crash("manager")?;
    let unknown = case.failure.seen.contains("does not know the job");
    let assigned = assigned(case);
    // What is on its way at the crash still arrives.
    let before = assigned
        .iter()
        .rfind(|about| about.sent.at_us < crash.step_us)?;
    let since = assigned.iter().any(|about| {
        let goes_on = about.job != before.job || about.sent.at_us > crash.at_us + LEASE;
        about.sent.at_us > crash.at_us && goes_on
    });
    (unknown && !since).then(|| {
        let manager = manager(case);
        format!("{manager}'s manager gave out no more tasks after its crash, and does not know the job that it was given before")
    })
}

pub(super) fn renames_its_jobs(case: &Case) -> Option<String> {
    let crash = case.last_crash("manager")?;
    let unknown = case.failure.seen.contains("does not know the job");
    let assigned = assigned(case);
    let before = assigned
        .iter()
        .find(|about| about.sent.at_us < crash.step_us)?;
    let after = assigned
        .iter()
        .find(|about| about.sent.at_us > crash.at_us && about.job != before.job)?;
    unknown.then(|| {
        format!(
            "before its crash {}'s manager gave out tasks of job {}, and afterwards tasks of job {}",
            manager(case),
            before.job,
            after.job
        )
    })
}

pub(super) fn maps_again_after_a_crash(case: &Case) -> Option<String> {
    let (map, _) = case
        .failure
        .seen
        .split_once(" was done before the crash, and once more after it")?;
    let crash = case.last_crash("manager")?;
    let done = finished(case);
    let done = done
        .iter()
        .filter(|about| about.sent.at_us < crash.step_us && about.sent.arrived());
    let mut again: Vec<Task> = Vec::new();
    let assigned = assigned(case);
    for about in done {
        let given = assigned
            .iter()
            .any(|given| given.task == about.task && given.sent.at_us > crash.at_us);
        if given && about.is_map() {
            again.push(about.task);
        }
    }
    let again: Vec<String> = again.iter().take(3).map(ToString::to_string).collect();
    match again.is_empty() {
        true => Some(format!(
            "{map} was done before the crash of {}'s manager, and the manager had it done again",
            manager(case)
        )),
        false => Some(format!(
            "{} had been done before the crash of {}'s manager, and it gave them out again",
            listed(&again),
            manager(case)
        )),
    }
}
