//! Problem 5: nodes that are cut off, that cannot reach each other, or that stand still.

use std::time::Duration;

use batch::{MapOutput, Work};
use runtime::net::faults::Kind;
use tokio::time::{Instant, sleep};

use super::distribute::maps_by;
use super::messages::{LEASE, is_map};
use super::{
    ALL, JOB_WITHIN, Plan, SOON, assignments, footprint, is_done, is_exact, is_untouched,
    output_is_exact, results, slow_text, submit,
};
use testkit::cluster::{Cluster, Explained, Mark, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};

/// Silence does not make a node count as down before the job must be done.
fn patient() -> Options {
    Options {
        tick_time: 4 * JOB_WITHIN,
        ..Options::default()
    }
}

fn while_open(job: &super::Job) -> Told {
    if job.is_open() {
        return Ok(());
    }
    Err(Stop::inconclusive(
        "The job was done before anything had happened to it.",
    ))
}

pub(super) async fn node_is_cut_off(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, other, away] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "a node that is cut off does not stop the job, nor when it comes back";
        let why = "A node that cannot be reached is as good as dead for the job. When it comes back it is none of the \
                   job's concern any more what it did meanwhile, and it may help again.";
        let texts = slow_text(cluster, &mut draw, maps)?;
        let plan = Plan::slow(&texts, 4, 60, 60);
        cluster.step(format!("{manager} is given a job. When {away} has done some of it, it is cut off from both others."));
        let begun = cluster.mark();
        let job = submit(cluster, manager, &plan).await?;
        maps_by(cluster, &job, away, 1, begun).await?;
        cluster.partition(&[manager, other], &[away]).await?;
        while_open(&job)?;
        is_exact(cluster, &job, claim).await.because(why)?;

        cluster.step(format!(
            "The network is whole again, and {manager} is given the same job once more. {away} is cut off for a moment."
        ));
        cluster.heal();
        cluster.await_mesh().await?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &plan).await?;
        maps_by(cluster, &job, other, 1, begun).await?;
        cluster.partition(&[manager, other], &[away]).await?;
        while_open(&job)?;
        cluster.heal();
        is_exact(cluster, &job, claim).await.because(why)
    })
    .await
}

pub(super) async fn workers_are_apart(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let texts = slow_text(cluster, &mut draw, maps)?;
        cluster.step(format!(
            "{manager} is given a job. When {one} and {other} have both done some of it, they are cut off from each other; \
             {manager} reaches both."
        ));
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 60)).await?;
        maps_by(cluster, &job, one, 1, begun).await?;
        maps_by(cluster, &job, other, 1, begun).await?;
        cluster.partition(&[one], &[other]).await?;
        while_open(&job)?;
        is_exact(cluster, &job, "workers that cannot reach each other do not stop the job").await.because(
            "Who is reached by the manager need not be reached by the others. What cannot be fetched has to be computed \
             again where it can be, or reduced by somebody who can fetch it.",
        )
    })
    .await
}

pub(super) async fn node_is_silent(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, other, silent] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, patient(), async |cluster| {
        let texts = slow_text(cluster, &mut draw, maps)?;
        cluster.step(format!(
            "{manager} is given a job. When {silent} has done some of it, everything between it and the others vanishes in \
             silence."
        ));
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 60)).await?;
        maps_by(cluster, &job, silent, 1, begun).await?;
        cluster.blackhole(&[manager, other], &[silent]);
        while_open(&job)?;
        is_exact(cluster, &job, "a silent node does not hold the job up").await.because(
            "A connection that is silent is not closed, and it may take long until the runtime calls the node down. \
             Whoever has work to hand out can decide earlier that he has waited enough.",
        )
    })
    .await
}

pub(super) async fn node_is_paused(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, _, paused] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(34..=40);
    Cluster::tell(cx, ALL, patient(), async |cluster| {
        let texts = slow_text(cluster, &mut draw, maps)?;
        let plan = Plan::slow(&texts, 4, 80, 80).partitions(6);
        cluster.step(format!("{manager} is given a job, and nothing happens to it: so long does it take."));
        let job = submit(cluster, manager, &plan).await?;
        is_exact(cluster, &job, "an undisturbed job gets done").await?;
        let undisturbed = job.begun.elapsed();

        cluster.step(format!(
            "{manager} is given the same job. When {paused} has done some of it, it is paused, and stays so."
        ));
        let begun = cluster.mark();
        let job = submit(cluster, manager, &plan).await?;
        maps_by(cluster, &job, paused, 1, begun).await?;
        cluster.pause(paused).await?;
        while_open(&job)?;
        let at_most = 3 * undisturbed + LEASE;
        let left = at_most.saturating_sub(job.begun.elapsed());
        let claim = format!(
            "a paused node does not hold the job up: it takes at most three times as long as undisturbed, and one lease \
             ({:.1} s here)",
            at_most.as_secs_f32()
        );
        let done = is_done(cluster, &job, left).await;
        done.claiming(&claim).because(
            "A node that is slow, or stands still, is not down: no link is lost and nobody is told. In a large cluster \
             there is always one. The work that it has is done by others, once it has taken too long.",
        )?;
        output_is_exact(cluster, &job, "a paused node does not hold the job up")
    })
    .await
}

pub(super) async fn paused_node_wakes_up(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, _, paused] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, patient(), async |cluster| {
        let claim = "a paused node that wakes up does not touch the output";
        let texts = slow_text(cluster, &mut draw, maps)?;
        cluster.step(format!(
            "{manager} is given a job. {paused} is paused in the middle of a reduce task, and the job gets done without it."
        ));
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 30, 400).partitions(6)).await?;
        let mut given = None;
        let reduces = async || {
            let seen = assignments(cluster, &job, begun);
            let mut own = seen.into_iter().filter(|(node, assignment, _)| {
                node == paused && assignment.attempt.job == job.id && !is_map(assignment.attempt.task)
            });
            given = own.next().map(|(_, assignment, _)| (assignment.attempt, assignment.work));
            match given {
                Some(_) => Ok(()),
                None => {
                    cluster.written()?;
                    Err(Unmet::at(paused, format!("{paused} was given no reduce task")))
                }
            }
        };
        cluster.eventually(SOON, "every worker node is given some of the reduce tasks", reduces).await?;
        let seen = Instant::now();
        let (attempt, work) = given.ok_or_else(|| Stop::fault(format!("There is no reduce task of {paused}.")))?;
        has_fetched(cluster, paused, &work, begun).await;
        cluster.pause(paused).await?;
        let was_done = results(cluster, &job, begun).iter().any(|result| result.attempt == attempt);
        if was_done || seen.elapsed() > Duration::from_millis(300) {
            return Err(Stop::inconclusive(format!("{paused} was not paused before its task was done.")));
        }
        is_done(cluster, &job, JOB_WITHIN).await?;
        output_is_exact(cluster, &job, claim)?;

        cluster.step(format!("The job is done. {paused} wakes up, and goes on with what it has in hand."));
        let before = footprint(&job);
        let mark = cluster.mark();
        cluster.resume(paused).await?;
        let answered = async || {
            let said = cluster.since(mark).from(paused).to(manager).of_programs();
            let answers = said.filter(|frame| matches!(frame.message.as_deref(), Some("Finished" | "Failed")));
            match answers.is_empty() {
                false => Ok(()),
                true => Err(Unmet::at(paused, format!("{paused} has not come to an end with its task"))),
            }
        };
        // It need not say anything. If it does, that is the end of it.
        let _ = cluster.eventually(Duration::from_secs(2), format!("{paused} comes to an end"), answered).await;
        is_untouched(cluster, &job, &before, claim)?;
        output_is_exact(cluster, &job, claim)
    })
    .await
}

/// Waits a moment for a node to have fetched all that a reduce task needs of other nodes. Were it
/// paused before, it would fail for want of its inputs, and never come to write anything. Who gets
/// them in another way is not waited for.
async fn has_fetched(cluster: &Cluster<'_>, node: &str, work: &Work, since: Mark) {
    let Work::Reduce { inputs, .. } = work else {
        return;
    };
    let elsewhere = |input: &&MapOutput| input.node.short() != node;
    let needed = inputs.iter().filter(elsewhere).count();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(200) {
        let answers = cluster
            .since(since)
            .to(node)
            .kind(Kind::Answer)
            .messages("Fetch");
        if answers.delivered().count() >= needed {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
}
