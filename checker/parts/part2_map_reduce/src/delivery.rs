//! Problem 4: what is said between manager and workers is lost, comes twice, late, or disordered.

use std::time::Duration;

use ciborium::Value;
use runtime::net::faults::{Action, PatternKind, Rule};
use tokio::time::Instant;

use super::failure::reduces_begin;
use super::messages::{JobStatus, MANAGER, ManagerMsg, WorkerMsg, is_map};
use super::{
    ALL, Plan, SOON, footprint, is_done, is_exact, is_untouched, output_is_exact, slow_text,
    status, submit,
};
use testkit::cluster::{Cluster, Explained, Options, RuleHandle, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{in_order, in_words};

/// A rule about assignments of a manager to a node, of map or of reduce tasks.
fn assignment(
    cluster: &Cluster<'_>,
    action: Action,
    [manager, node]: [&str; 2],
    maps: bool,
) -> Rule {
    Rule::new(action)
        .from(&cluster.name(manager))
        .to(&cluster.name(node))
        .kind(PatternKind::Cast)
        .message("Assign")
        .matching(move |message| match message.deserialized() {
            Ok(WorkerMsg::Assign(assignment)) => is_map(assignment.attempt.task) == maps,
            Err(_) => false,
        })
}

/// A rule about results of a node for a manager, of map or of reduce tasks.
fn result(cluster: &Cluster<'_>, action: Action, [node, manager]: [&str; 2], maps: bool) -> Rule {
    Rule::new(action)
        .from(&cluster.name(node))
        .to(&cluster.name(manager))
        .kind(PatternKind::Cast)
        .message("Finished")
        .matching(move |message: &Value| match message.deserialized() {
            Ok(ManagerMsg::Finished { attempt, .. }) => is_map(attempt.task) == maps,
            _ => false,
        })
}

/// Waits until a fault on a message has bitten. Where it has not, the messages may no longer be
/// those that were given.
async fn has_bitten(
    cluster: &Cluster<'_>,
    rule: &RuleHandle<'_>,
    hits: usize,
    within: Duration,
) -> Told {
    let bitten = rule.await_hits(hits, within).await;
    if bitten.is_err() {
        cluster.written()?;
        super::as_given(cluster)?;
    }
    bitten
}

pub(super) async fn lost_messages(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{manager} is given a job. An assignment to {one} and a result of {other} are lost: of a map task, and of a \
             reduce task."
        ));
        let rules = [true, false].map(|maps| {
            // Of the map tasks there are enough for the lost one to be the first or the third.
            let skip = if maps { draw.number(0..=2) as usize } else { 0 };
            let assignment = assignment(cluster, Action::Drop, [manager, one], maps).skip(skip);
            let result = result(cluster, Action::Drop, [other, manager], maps).skip(skip);
            [cluster.rule(assignment), cluster.rule(result)]
        });
        let texts = slow_text(cluster, &mut draw, maps)?;
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 40, 60).partitions(9)).await?;
        for rule in &rules[0] {
            has_bitten(cluster, rule, 1, SOON).await?;
        }
        is_exact(cluster, &job, "lost assignments and results do not stop the job").await.because(
            "Nobody is told that a message was lost. Who waits for an answer must limit the wait, and then try again, \
             although he cannot know whether the work was done.",
        )?;
        for rule in &rules[1] {
            has_bitten(cluster, rule, 1, Duration::ZERO).await?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn doubled_messages(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!("{manager} is given a job. Each assignment and each result comes twice."));
        let mut rules = Vec::new();
        for node in [one, other] {
            for maps in [true, false] {
                let twice = [
                    assignment(cluster, Action::Duplicate, [manager, node], maps),
                    result(cluster, Action::Duplicate, [node, manager], maps),
                ];
                rules.extend(twice.map(|rule| cluster.rule(rule.times(usize::MAX))));
            }
        }
        let texts = slow_text(cluster, &mut draw, maps)?;
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 40, 40).partitions(6)).await?;
        is_exact(cluster, &job, "what comes twice counts once").await.because(
            "Who repeats what may be lost makes repetitions. So whoever receives it must be able to take it twice, with \
             the effect of once.",
        )?;
        for rule in &rules {
            has_bitten(cluster, rule, 1, Duration::ZERO).await?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn late_results(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "a late result changes nothing";
        cluster.step(format!(
            "{manager} is given a job. A result of a map task is held back from {one}, and one from {other}; later, \
             results of reduce tasks."
        ));
        let hold = |node, maps| cluster.rule(result(cluster, Action::Hold, [node, manager], maps));
        let held_maps = [one, other].map(|node| hold(node, true));
        let held_reduces = [one, other].map(|node| hold(node, false));
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 40, 60).partitions(12)).await?;
        for held in &held_maps {
            has_bitten(cluster, held, 1, SOON).await?;
        }
        reduces_begin(cluster, &job, begun).await?;

        cluster.step("Those tasks have been done again. Now the two results of map tasks arrive.");
        let released: usize = held_maps.iter().rev().map(RuleHandle::release).sum();
        if !job.is_open() || released < 2 {
            return Err(Stop::inconclusive("The late results did not arrive while the job was being done."));
        }
        is_done(cluster, &job, super::JOB_WITHIN).await?;
        output_is_exact(cluster, &job, claim).because(
            "Two attempts at a task may both succeed. Either of them may be taken; both together would count the same words twice.",
        )?;
        if held_reduces.iter().all(|held| held.held() == 0) {
            return Err(Stop::inconclusive("There was no result of a reduce task to be held back."));
        }

        cluster.step("The job is done. Now the results of reduce tasks arrive.");
        let before = footprint(&job);
        for held in &held_reduces {
            held.release();
        }
        cluster.quiesce().await?;
        is_untouched(cluster, &job, &before, claim)?;
        match status(cluster, &job).await? {
            JobStatus::Done(_) => Ok(()),
            other => Err(cluster
                .failed(format!("{manager}'s manager, asked again, says of the job that was done: {other:?}"), claim)
                .into()),
        }
    })
    .await
}

pub(super) async fn result_of_an_earlier_job(cx: &Context) -> Told {
    /// A map task of the second job takes at least so long.
    const MAP_MS: u64 = 600;
    let mut draw = cx.draw();
    let [manager, one, other] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(6..=7);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "a result of an earlier job is not taken for one of this job";
        cluster.step(format!(
            "{manager} is given a job. Two results of map tasks are held back, one from {one} and one from {other}, and \
             the job gets done without them."
        ));
        let held = [one, other].map(|node| cluster.rule(result(cluster, Action::Hold, [node, manager], true)));
        let first = slow_text(cluster, &mut draw, maps)?;
        let second = slow_text(cluster, &mut draw, maps)?;
        let job = submit(cluster, manager, &Plan::slow(&first, 4, 40, 10)).await?;
        for held in &held {
            has_bitten(cluster, held, 1, SOON).await?;
        }
        is_exact(cluster, &job, claim).await?;

        cluster.step(format!(
            "{manager} is given the next job, whose tasks have the same numbers. Now the two results of the first job arrive."
        ));
        let begun = Instant::now();
        let next = submit(cluster, manager, &Plan::slow(&second, 4, MAP_MS, 10)).await?;
        let released: usize = held.iter().map(RuleHandle::release).sum();
        // No map task of the second job can be done by now, whoever has it.
        if released < 2 || begun.elapsed() > Duration::from_millis(MAP_MS) {
            return Err(Stop::inconclusive("The results did not arrive before the tasks of the second job could be done."));
        }
        is_exact(cluster, &next, claim)
            .await
            .evidence(format!("the first job is {}, the second {}; each has {maps} map tasks", job.id, next.id))
            .because("A number names a task within its job only. A message may be under way longer than the job that it belongs to.")
    })
    .await
}

pub(super) async fn job_ids_never_repeat(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, _] = draw.cast(["n1", "n2"]);
    let [before, maps] = [draw.number(2..=3), draw.number(2..=4)];
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        let claim = "job ids never repeat, also after a crash of the manager";
        let texts = slow_text(cluster, &mut draw, maps)?;
        let plan = Plan::slow(&texts, 4, 0, 0);
        cluster.step(format!("{manager} is given {} jobs.", in_words(before)));
        let mut ids = Vec::new();
        for _ in 0..before {
            let job = submit(cluster, manager, &plan).await?;
            is_done(cluster, &job, super::JOB_WITHIN).await?;
            ids.push(job.id);
        }
        cluster.step(format!(
            "{manager}'s manager crashes, and its supervisor starts it again; then {manager} is given a {} job.",
            in_order(before + 1)
        ));
        cluster.crash(manager, &MANAGER).await?;
        is_there(cluster, manager).await?;
        ids.push(submit(cluster, manager, &plan).await?.id);

        cluster.step(format!(
            "{manager} itself is killed and started again, and is given a {} job.",
            in_order(before + 2)
        ));
        cluster.restart(manager).await?;
        ids.push(submit(cluster, manager, &plan).await?.id);
        for (place, id) in ids.iter().enumerate() {
            if let Some(other) = ids[..place].iter().position(|other| other == id) {
                let when = match place.checked_sub(before as usize) {
                    None => String::new(),
                    Some(0) => format!(", which was given after {manager}'s manager had crashed,"),
                    Some(_) => format!(", which was given after {manager} was started again,"),
                };
                return Err(cluster
                    .failed(format!("job {} and job {}{when} both have the id `{id}`", other + 1, place + 1), claim)
                    .because("What is still under way about the first would be taken for news of the second. A counter in the memory of a process begins again with the process.")
                    .into());
            }
        }
        Ok(())
    })
    .await
}

/// Waits until a node's manager runs again.
pub(super) async fn is_there(cluster: &Cluster<'_>, node: &str) -> Told {
    let there = async || {
        let servers = cluster
            .call(
                node,
                &runtime::system::NODE,
                runtime::system::NodeMsg::Servers,
            )
            .await?;
        match servers.iter().any(|(server, _)| server == MANAGER.as_str()) {
            true => Ok(()),
            false => Err(Unmet::at(node, format!("{node} runs no manager"))),
        }
    };
    cluster
        .eventually(
            SOON,
            format!("{node}'s supervisor starts the manager again"),
            there,
        )
        .await
}
