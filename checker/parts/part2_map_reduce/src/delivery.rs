//! Problem 4: messages between manager and workers are lost, or arrive twice, late, or out of order.

use std::time::Duration;

use batch::JobStatus;
use runtime::net::faults::Action;
use tokio::time::{Instant, sleep};

use super::fact::{Fact, Restart, Step};
use super::messages::MANAGER;
use super::progress::reduces_begin;
use super::provenance::{reported_file, work_was_done};
use super::rules::{assignment, result};
use super::{
    ALL, Plan, SOON, footprint, is_done, is_exact, is_untouched, output_is_exact, slow_text,
    status, submit, submit_to,
};
use testkit::cluster::{Cluster, Explained, Options, RuleHandle, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{in_order, in_words};
use testkit::trouble::While;

/// Waits until a fault on a message took effect. If it had no effect, the messages may no longer be
/// those that were given.
async fn took_effect(
    cluster: &Cluster<'_>,
    rule: &RuleHandle<'_>,
    hits: usize,
    within: Duration,
) -> Told {
    let waited = rule.await_hits(hits, within).await;
    if waited.is_err() {
        cluster.written()?;
        super::as_given(cluster)?;
    }
    waited
}

pub(super) async fn lost_messages(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step_as(
            &Step::job_given(manager),
            format!(
                "{manager} is given a job. The network loses an assignment to {one} and a result of {other}: first of map \
                 tasks, and then of reduce tasks."
            ),
        );
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
            took_effect(cluster, rule, 1, SOON).await?;
        }
        is_exact(cluster, &job, "lost assignments and results do not stop the job").await.because(
            "Neither the sender nor the receiver learns that a message was lost. The manager must limit how long it waits \
             for a result, and then retry, although it cannot know whether the work was done.",
        )?;
        work_was_done(cluster, &job).await?;
        for rule in &rules[1] {
            took_effect(cluster, rule, 1, Duration::ZERO).await?;
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
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job. Each assignment and each result arrives twice."),
        );
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
        is_exact(cluster, &job, "a message that arrives twice counts once").await.because(
            "A sender that retries makes duplicates. So a message that is received twice must have the same effect as once.",
        )?;
        work_was_done(cluster, &job).await?;
        for rule in &rules {
            took_effect(cluster, rule, 1, Duration::ZERO).await?;
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
        cluster.step_as(
            &Step::job_given(manager),
            format!(
                "{manager} is given a job. The network holds back a result of a map task from {one} and from {other}, and \
                 later a result of a reduce task from each."
            ),
        );
        let hold = |node, maps| cluster.rule(result(cluster, Action::Hold, [node, manager], maps));
        let held_maps = [one, other].map(|node| hold(node, true));
        let held_reduces = [one, other].map(|node| hold(node, false));
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 40, 60).partitions(12)).await?;
        for held in &held_maps {
            took_effect(cluster, held, 1, SOON).await?;
        }
        reduces_begin(cluster, &job, begun).await?;

        cluster.step("Other attempts have done those tasks. Now the two results of map tasks arrive.");
        let released: usize = held_maps.iter().rev().map(RuleHandle::release).sum();
        if !job.is_open() || released < 2 {
            return Err(Stop::inconclusive("The late results did not arrive while the job was being done."));
        }
        let watched = async {
            while job.is_open() {
                for (node, held) in [one, other].iter().zip(&held_reduces) {
                    reported_file(cluster, &job, held, node)?;
                }
                sleep(Duration::from_millis(50)).await;
            }
            Ok(())
        };
        let done = is_done(cluster, &job, super::JOB_TIMEOUT);
        tokio::select! {
            watched = watched => match watched {
                Ok(()) => is_done(cluster, &job, SOON).await?,
                Err(stop) => return Err(stop),
            },
            done = done => done?,
        }
        output_is_exact(cluster, &job, claim).because(
            "Two attempts at a task may both succeed. The manager may take either of them; taking both would count the \
             same words twice.",
        )?;
        if held_reduces.iter().all(|held| held.held() == 0) {
            return Err(Stop::inconclusive("No result of a reduce task was held back."));
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
            other => {
                let (manager_name, status) = (manager.to_owned(), format!("{other:?}"));
                let fact = Fact::JobNoLongerDone { manager: manager_name, status };
                Err(fact.of(cluster, manager, claim).into())
            }
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
        let claim = "a result of an earlier job does not count for the next one";
        cluster.step_as(
            &Step::job_given(manager),
            format!(
                "{manager} is given a job. The network holds back two results of map tasks, one from {one} and one from \
                 {other}, and the job completes without them."
            ),
        );
        let held = [one, other].map(|node| cluster.rule(result(cluster, Action::Hold, [node, manager], true)));
        let first = slow_text(cluster, &mut draw, maps)?;
        let second = slow_text(cluster, &mut draw, maps)?;
        let job = submit(cluster, manager, &Plan::slow(&first, 4, 40, 10)).await?;
        for held in &held {
            took_effect(cluster, held, 1, SOON).await?;
        }
        is_exact(cluster, &job, claim).await?;

        cluster.step(format!(
            "{manager} is given the next job, whose tasks have the same numbers. Now the two results of the first job arrive."
        ));
        let begun = Instant::now();
        let next = submit(cluster, manager, &Plan::slow(&second, 4, MAP_MS, 10)).await?;
        let released: usize = held.iter().map(RuleHandle::release).sum();
        // No map task of the second job can be done by now.
        if released < 2 || begun.elapsed() > Duration::from_millis(MAP_MS) {
            return Err(Stop::inconclusive("The results did not arrive before the tasks of the second job could be done."));
        }
        is_exact(cluster, &next, claim)
            .await
            .evidence(format!("the first job is {}, the second {}; each has {maps} map tasks", job.id, next.id))
            .because("A task's number is unique only within its job. A message may be in transit for longer than its job runs.")
    })
    .await
}

pub(super) async fn job_ids_never_repeat(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, _] = draw.cast(["n1", "n2"]);
    let [before, maps] = [draw.number(2..=3), draw.number(2..=4)];
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        let claim = "job ids never repeat, even after the manager crashes";
        let texts = slow_text(cluster, &mut draw, maps)?;
        let plan = Plan::slow(&texts, 4, 0, 0);
        cluster.step_as(&Step::job_given(manager), format!("{manager} is given {} jobs.", in_words(before)));
        let mut ids = Vec::new();
        for _ in 0..before {
            let job = submit(cluster, manager, &plan).await?;
            is_done(cluster, &job, super::JOB_TIMEOUT).await?;
            ids.push(job.id);
        }
        cluster.step(format!(
            "{manager}'s manager crashes, and its supervisor restarts it. Then {manager} is given a {} job.",
            in_order(before + 1)
        ));
        cluster.crash(manager, &MANAGER).await?;
        is_there(cluster, manager).await?;
        ids.push(submit(cluster, manager, &plan).await?.id);

        cluster.step(format!(
            "{manager} itself is killed and restarted. Then it is given a {} job.",
            in_order(before + 2)
        ));
        cluster.restart(manager).await?;
        ids.push(submit(cluster, manager, &plan).await?.id);

        cluster.step(format!(
            "{manager} is given one more job. When it is done, its output is removed, and {manager} is given the same job again."
        ));
        let again = submit(cluster, manager, &plan).await?;
        is_done(cluster, &again, super::JOB_TIMEOUT).await?;
        ids.push(again.id);
        let place = again.output;
        std::fs::remove_dir_all(&place).or_trouble(|| format!("remove {}", place.display()))?;
        ids.push(submit_to(cluster, manager, &plan, place).await?.id);
        for (place, id) in ids.iter().enumerate() {
            if let Some(other) = ids[..place].iter().position(|other| other == id) {
                let fact = Fact::SameJobId {
                    first: other + 1,
                    second: place + 1,
                    id: id.to_string(),
                    after: match place.checked_sub(before as usize) {
                        None => None,
                        Some(0) => Some(Restart::Manager),
                        Some(1) => Some(Restart::Node),
                        Some(_) => None,
                    },
                };
                return Err(fact
                    .of(cluster, manager, claim)
                    .because(
                        "The manager would mistake a late message about the first job for one about the second. A counter in \
                         the memory of a process starts again with the process.",
                    )
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
            format!("{node}'s supervisor restarts the manager"),
            there,
        )
        .await
}
