//! Problem 5: nodes that are cut off, that cannot reach each other, or that are paused.

use std::time::Duration;

use batch::{MapOutput, Work};
use runtime::net::faults::Kind;
use tokio::time::{Instant, sleep};

use super::fact::{Fact, Step};
use super::messages::{LEASE, is_map};
use super::progress::maps_by;
use super::provenance::work_was_done;
use super::{
    ALL, JOB_TIMEOUT, Plan, SOON, assignments, footprint, is_done, is_exact, is_untouched,
    output_is_exact, results, slow_text, submit,
};
use testkit::cluster::{Cluster, Explained, Mark, Options};
use testkit::scenario::{Context, Stop, Told};

/// No node is declared down for its silence before the job must be done.
fn patient() -> Options {
    Options {
        tick_time: 4 * JOB_TIMEOUT,
        ..Options::default()
    }
}

/// States that a disturbed job is done in time, with the exact result: in three times the time that it
/// takes while only the two worker nodes are busy, and one lease.
async fn is_exact_in_time(cluster: &Cluster<'_>, job: &super::Job, maps: u64, claim: &str) -> Told {
    let experiment = job.spec.experiment.unwrap_or_default();
    let tasks = maps * experiment.map_ms + job.spec.partitions as u64 * experiment.reduce_ms;
    // Each phase ends with a task that the other worker cannot share, and messages take their time.
    let undisturbed =
        Duration::from_millis(tasks / 2 + experiment.map_ms + experiment.reduce_ms) * 6 / 5;
    let within = cluster
        .context()
        .limit(3 * undisturbed + LEASE, JOB_TIMEOUT);
    let left = within.saturating_sub(job.begun.elapsed());
    is_done(cluster, job, left).await?;
    output_is_exact(cluster, job, claim)
}

fn while_open(job: &super::Job) -> Told {
    if job.is_open() {
        return Ok(());
    }
    Err(Stop::inconclusive(
        "The job was done before the fault began.",
    ))
}

pub(super) async fn node_is_cut_off(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, other, away] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "a node that is cut off and comes back does not stop the job";
        let why = "For the job, a node that the manager cannot reach is as good as dead. When the node comes back, the job \
                   needs nothing that the node did meanwhile, and the node may do tasks again.";
        let texts = slow_text(cluster, &mut draw, maps)?;
        let plan = Plan::slow(&texts, 4, 60, 60);
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job. When {away} has done some of it, {away} is cut off from both others."),
        );
        let begun = cluster.mark();
        let job = submit(cluster, manager, &plan).await?;
        maps_by(cluster, &job, away, 1, begun).await?;
        cluster.partition(&[manager, other], &[away]).await?;
        while_open(&job)?;
        is_exact_in_time(cluster, &job, maps, claim).await.because(why)?;
        work_was_done(cluster, &job).await?;

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
        is_exact_in_time(cluster, &job, maps, claim).await.because(why)?;
        work_was_done(cluster, &job).await
    })
    .await
}

pub(super) async fn workers_are_apart(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let texts = slow_text(cluster, &mut draw, maps)?;
        cluster.step_as(
            &Step::job_given(manager),
            format!(
                "{manager} is given a job. When {one} and {other} have both done some of it, they are cut off from each \
                 other. {manager} reaches both."
            ),
        );
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 60)).await?;
        maps_by(cluster, &job, one, 1, begun).await?;
        maps_by(cluster, &job, other, 1, begun).await?;
        cluster.partition(&[one], &[other]).await?;
        while_open(&job)?;
        is_exact_in_time(cluster, &job, maps, "workers that cannot reach each other do not stop the job").await.because(
            "A node that the manager reaches may be out of reach for another worker. When a worker cannot fetch an output, \
             the manager must have it computed again, or have another worker reduce it.",
        )?;
        work_was_done(cluster, &job).await?;

        cluster.step(format!("The network is whole again, and {manager} is given another job."));
        cluster.heal();
        cluster.await_mesh().await?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 60)).await?;
        for node in [one, other] {
            maps_by(cluster, &job, node, 1, begun).await.claiming("every node works again in the next job").because(
                "A node that was out of reach works again. A manager that rules it out forever loses a node with each fault.",
            )?;
        }
        is_exact(cluster, &job, "the next job is done").await
    })
    .await
}

pub(super) async fn node_is_silent(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, other, silent] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, patient(), async |cluster| {
        let texts = slow_text(cluster, &mut draw, maps)?;
        cluster.step_as(
            &Step::job_given(manager),
            format!(
                "{manager} is given a job. When {silent} has done some of it, the network loses everything between {silent} \
                 and the others, and closes no connection."
            ),
        );
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 60)).await?;
        maps_by(cluster, &job, silent, 1, begun).await?;
        cluster.blackhole(&[manager, other], &[silent]);
        while_open(&job)?;
        is_exact_in_time(cluster, &job, maps, "a silent node does not delay the job").await.because(
            "A silent connection is not closed, and the runtime may take a long time to report the node as down. The manager \
             can decide earlier that it has waited long enough.",
        )?;
        work_was_done(cluster, &job).await
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
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job that nothing disturbs, to measure how long it takes."),
        );
        let job = submit(cluster, manager, &plan).await?;
        is_exact(cluster, &job, "an undisturbed job completes").await?;
        let undisturbed = job.begun.elapsed();

        cluster.step(format!(
            "{manager} is given the same job. When {paused} has done some of it, {paused} is paused, and does not resume."
        ));
        let begun = cluster.mark();
        let job = submit(cluster, manager, &plan).await?;
        maps_by(cluster, &job, paused, 1, begun).await?;
        cluster.pause(paused).await?;
        while_open(&job)?;
        let at_most = 3 * undisturbed + LEASE;
        let left = at_most.saturating_sub(job.begun.elapsed());
        let claim = format!(
            "a paused node does not delay the job: it takes at most three times as long as undisturbed, plus one lease \
             ({:.1} s here)",
            at_most.as_secs_f32()
        );
        let done = is_done(cluster, &job, left).await;
        done.claiming(&claim).because(
            "A node that is slow or paused is not down: no connection closes, and the manager gets no notice. A large \
             cluster always has such a node. When its lease has expired, other nodes must do its work.",
        )?;
        output_is_exact(cluster, &job, "a paused node does not delay the job")
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
        cluster.step_as(
            &Step::job_given(manager),
            format!(
                "{manager} is given a job. {paused} is paused in the middle of a reduce task, and the others complete the job."
            ),
        );
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
                    Err(Fact::NoReduceTaskFor { node: paused.to_owned() }.unmet(paused))
                }
            }
        };
        cluster.eventually(SOON, "the manager gives every worker node some of the reduce tasks", reduces).await?;
        let seen = Instant::now();
        let (attempt, work) = given.ok_or_else(|| Stop::fault(format!("{paused} has no reduce task.")))?;
        has_fetched(cluster, paused, &work, begun).await;
        cluster.pause(paused).await?;
        let was_done = results(cluster, &job, begun).iter().any(|result| result.attempt == attempt);
        if was_done || seen.elapsed() > Duration::from_millis(300) {
            return Err(Stop::inconclusive(format!("{paused} was not paused before its task was done.")));
        }
        is_done(cluster, &job, JOB_TIMEOUT).await?;
        output_is_exact(cluster, &job, claim)?;

        cluster.step(format!("The job is done. {paused} wakes up and continues its task."));
        let before = footprint(&job);
        let mark = cluster.mark();
        cluster.resume(paused).await?;
        let answered = async || {
            let said = cluster.since(mark).from(paused).to(manager).of_programs();
            let answers = said.filter(|frame| matches!(frame.message.as_deref(), Some("Finished" | "Failed")));
            match answers.is_empty() {
                false => Ok(()),
                true => Err(Fact::TaskNotEnded { node: paused.to_owned() }.unmet(paused)),
            }
        };
        // It need not send a result. If it does, it has ended its task.
        let _ = cluster.eventually(Duration::from_secs(2), format!("{paused} finishes its task"), answered).await;
        is_untouched(cluster, &job, &before, claim)?;
        output_is_exact(cluster, &job, claim)
    })
    .await
}

/// Waits a moment until a node has fetched all that a reduce task needs of other nodes. If it were
/// paused earlier, it would fail for lack of its inputs and never write a file. A node that gets them in
/// another way is paused after that moment.
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
