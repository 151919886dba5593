//! Problem 4: what is said between manager and workers is lost, comes twice, late, or disordered.

use std::time::Duration;

use ciborium::Value;
use runtime::net::faults::{Action, PatternKind, Rule};
use tokio::time::Instant;

use super::failure::{is_open, reduces_begin};
use super::messages::{JobStatus, MANAGER, ManagerMsg, WorkerMsg, is_map};
use super::text::lines;
use super::{
    Plan, SOON, footprint, is_done, is_exact, is_untouched, output_is_exact, status, submit, texts,
};
use crate::cluster::{Cluster, Explained, Options, RuleHandle, Unmet};
use crate::scenario::{Context, Stop, Told};

/// A rule about assignments to a node, of map or of reduce tasks.
fn assignment_to(cluster: &Cluster<'_>, action: Action, node: &str, maps: bool) -> Rule {
    Rule::new(action)
        .from(&cluster.name("n1"))
        .to(&cluster.name(node))
        .kind(PatternKind::Cast)
        .message("Assign")
        .matching(move |message| match message.deserialized() {
            Ok(WorkerMsg::Assign(assignment)) => is_map(assignment.attempt.task) == maps,
            Err(_) => false,
        })
}

/// A rule about results of a node, of map or of reduce tasks.
fn result_of(cluster: &Cluster<'_>, action: Action, node: &str, maps: bool) -> Rule {
    Rule::new(action)
        .from(&cluster.name(node))
        .to(&cluster.name("n1"))
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
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 is given a job. An assignment to n2 and a result of n3 are lost: of a map task, and of a reduce task.");
        let mut draw = cluster.context().draw();
        let rules = [true, false].map(|maps| {
            // Of the map tasks there are enough for the lost one to be the first or the third.
            let skip = if maps { draw.number(0..=2) as usize } else { 0 };
            let assignment = assignment_to(cluster, Action::Drop, "n2", maps).skip(skip);
            let result = result_of(cluster, Action::Drop, "n3", maps).skip(skip);
            [cluster.rule(assignment), cluster.rule(result)]
        });
        let texts = texts(cluster).with("slow.txt", lines(&mut draw, 24 * 4))?;
        let job = submit(cluster, &Plan::slow(&texts, 4, 40, 60).partitions(9), "out").await?;
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
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 is given a job. Each assignment and each result comes twice.");
        let mut rules = Vec::new();
        for node in ["n2", "n3"] {
            for maps in [true, false] {
                let twice = [assignment_to(cluster, Action::Duplicate, node, maps), result_of(cluster, Action::Duplicate, node, maps)];
                rules.extend(twice.map(|rule| cluster.rule(rule.times(usize::MAX))));
            }
        }
        let mut draw = cluster.context().draw();
        let texts = texts(cluster).with("slow.txt", lines(&mut draw, 24 * 4))?;
        let job = submit(cluster, &Plan::slow(&texts, 4, 40, 40).partitions(6), "out").await?;
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
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        let claim = "a late result changes nothing";
        cluster.step("n1 is given a job. A result of a map task is held back from n2, and one from n3; later, results of reduce tasks.");
        let held_maps = ["n2", "n3"].map(|node| cluster.rule(result_of(cluster, Action::Hold, node, true)));
        let held_reduces = ["n2", "n3"].map(|node| cluster.rule(result_of(cluster, Action::Hold, node, false)));
        let mut draw = cluster.context().draw();
        let texts = texts(cluster).with("slow.txt", lines(&mut draw, 24 * 4))?;
        let begun = cluster.mark();
        let job = submit(cluster, &Plan::slow(&texts, 4, 40, 60).partitions(12), "out").await?;
        for held in &held_maps {
            has_bitten(cluster, held, 1, SOON).await?;
        }
        reduces_begin(cluster, &job, begun).await?;

        cluster.step("Those tasks have been done again. Now the two results of map tasks arrive.");
        let released: usize = held_maps.iter().rev().map(RuleHandle::release).sum();
        if !is_open(&job) || released < 2 {
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
                .failed(format!("n1's manager, asked again, says of the job that was done: {other:?}"), claim)
                .into()),
        }
    })
    .await
}

pub(super) async fn result_of_an_earlier_job(cx: &Context) -> Told {
    /// A map task of the second job takes at least so long.
    const MAP_MS: u64 = 600;
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        let claim = "a result of an earlier job is not taken for one of this job";
        cluster.step("n1 is given a job. Two results of map tasks are held back, one from n2 and one from n3, and the job gets done without them.");
        let held = ["n2", "n3"].map(|node| cluster.rule(result_of(cluster, Action::Hold, node, true)));
        let mut draw = cluster.context().draw();
        let first = texts(cluster).with("first.txt", lines(&mut draw, 6 * 4))?;
        let second = texts(cluster).with("second.txt", lines(&mut draw, 6 * 4))?;
        let job = submit(cluster, &Plan::slow(&first, 4, 40, 10), "first").await?;
        for held in &held {
            has_bitten(cluster, held, 1, SOON).await?;
        }
        is_exact(cluster, &job, claim).await?;

        cluster.step("n1 is given the next job, whose tasks have the same numbers. Now the two results of the first job arrive.");
        let begun = Instant::now();
        let next = submit(cluster, &Plan::slow(&second, 4, MAP_MS, 10), "second").await?;
        let released: usize = held.iter().map(RuleHandle::release).sum();
        // No map task of the second job can be done by now, whoever has it.
        if released < 2 || begun.elapsed() > Duration::from_millis(MAP_MS) {
            return Err(Stop::inconclusive("The results did not arrive before the tasks of the second job could be done."));
        }
        is_exact(cluster, &next, claim)
            .await
            .evidence(format!("the first job is {}, the second {}; each has six map tasks", job.id, next.id))
            .because("A number names a task within its job only. A message may be under way longer than the job that it belongs to.")
    })
    .await
}

pub(super) async fn job_ids_never_repeat(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        let claim = "job ids never repeat, also after a crash of the manager";
        let mut draw = cluster.context().draw();
        let texts = texts(cluster).with("text.txt", lines(&mut draw, 8))?;
        let plan = Plan::slow(&texts, 4, 0, 0);
        cluster.step("n1 is given two jobs.");
        let mut ids = Vec::new();
        for output in ["first", "second"] {
            let job = submit(cluster, &plan, output).await?;
            is_done(cluster, &job, super::JOB_WITHIN).await?;
            ids.push(job.id);
        }
        cluster.step("n1's manager crashes, and its supervisor starts it again; then n1 is given a third job.");
        cluster.crash("n1", &MANAGER).await?;
        is_there(cluster).await?;
        ids.push(submit(cluster, &plan, "third").await?.id);

        cluster.step("n1 itself is killed and started again, and is given a fourth job.");
        cluster.restart("n1").await?;
        ids.push(submit(cluster, &plan, "fourth").await?.id);
        for (place, id) in ids.iter().enumerate() {
            if let Some(other) = ids[..place].iter().position(|other| other == id) {
                return Err(cluster
                    .failed(format!("job {} and job {} both have the id `{id}`", other + 1, place + 1), claim)
                    .because("What is still under way about the first would be taken for news of the second. A counter in the memory of a process begins again with the process.")
                    .into());
            }
        }
        Ok(())
    })
    .await
}

/// Waits until n1's manager runs again.
pub(super) async fn is_there(cluster: &Cluster<'_>) -> Told {
    let there = async || {
        let servers = cluster
            .call(
                "n1",
                &runtime::system::NODE,
                runtime::system::NodeMsg::Servers,
            )
            .await?;
        match servers.iter().any(|(server, _)| server == MANAGER.as_str()) {
            true => Ok(()),
            false => Err(Unmet::at("n1", "n1 runs no manager")),
        }
    };
    cluster
        .eventually(SOON, "n1's supervisor starts the manager again", there)
        .await
}
