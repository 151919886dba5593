//! Problem 2: a job that all nodes do together.

use std::time::Duration;

use batch::Experiment;
use runtime::net::faults::{Action, Kind, PatternKind, Rule};
use tokio::time::{Instant, sleep, timeout};

use super::fact::{Fact, Step};
use super::local::bible;
use super::messages::{JobKind, is_map};
use super::provenance::{
    ReportedFile, map_output_is_deleted, reported_file, summary_adds_up, work_was_done,
};
use super::rules::result;
use super::text::file;
use super::{
    ALL, Answered, LEASE, Plan, SOON, assignments, is_exact, is_still_known, maps_kept, reports,
    results, slow_text, submit, texts,
};
use testkit::cluster::{Cluster, Explained, Mark, Options, RuleHandle};
use testkit::scenario::{Context, Stop, Told};

/// Well before the lease of the first attempt runs out.
const AT_ONCE: Duration = Duration::from_millis(700);

/// One node cannot do so many reduce tasks of this length before the others receive some.
const REDUCES: usize = 12;
const REDUCE_MS: u64 = 150;

const NO_MAPS: &str = "a job without map tasks completes";
const IDLE: &str = "an idle node gets its next task at once";
const EVERYONE: &str = "every worker node finishes at least one task";
const EVERYONE_REDUCES: &str = "every worker node finishes at least one reduce task";
const WHY_FETCHED: &str = "Nodes on separate machines share no folder for map output: a job would write it to several \
                           disks, only to read it once. So it stays where the map task ran, and reduce tasks fetch it.";
const FETCHED: &str = "map output is fetched from the node that stores it";

pub(super) async fn every_node_takes_part(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other, late] = draw.cast(["n1", "n2", "n3", "n4"]);
    let maps = draw.number(46..=54);
    let mut nodes = [manager, one, other];
    nodes.sort_unstable();
    Cluster::tell(cx, &nodes, Options::default(), async |cluster| {
        cluster.step(format!("{late} is started, but does not join yet."));
        cluster.start_node(late).await?;
        cluster.step_as(&Step::job_given(manager), format!(
            "{manager} is given a job of {maps} map tasks that take 60 ms each, and {REDUCES} reduce tasks that take \
             {REDUCE_MS} ms."
        ));
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let plan = Plan::slow(&texts, 4, 60, REDUCE_MS).partitions(REDUCES);
        let job = submit(cluster, manager, &plan).await?;

        cluster.step(format!("When the first result has come in, {late} joins."));
        let first = async || match results(cluster, &job, begun).is_empty() {
            false => Ok(()),
            true => {
                cluster.written()?;
                Err(Fact::NoResult.unmet(manager))
            }
        };
        let wanted = "workers on nodes other than the manager's do some of the tasks";
        cluster.eventually(SOON, wanted, first).await.because(
            "A manager that does all the work itself needs no other node.",
        )?;
        cluster.connect(late, manager).await?;
        cluster.await_mesh().await?;
        let kept = maps_kept(cluster, &job).await?.len() as u64;
        if kept > maps - 16 {
            return Err(Stop::inconclusive(format!(
                "When {late} had joined, {kept} of {maps} map tasks were done already."
            )));
        }
        is_exact(cluster, &job, EVERYONE).await?;
        let seen = results(cluster, &job, begun);
        for node in [one, other, late] {
            if !seen.iter().any(|result| result.from == node && result.attempt.job == job.id) {
                let why = if node == late { ", which joined late," } else { "" };
                let fact = Fact::NoResultFrom { node: node.to_owned() };
                return Err(fact
                    .of(cluster, node, format!("{EVERYONE}; {node}{why} had time for some"))
                    .because("A job takes longer than it must when a node has nothing to do while tasks wait.")
                    .into());
            }
        }
        let reduced = |node: &str| {
            let is_own = |result: &&Answered| result.from == node && !is_map(result.attempt.task);
            seen.iter().filter(is_own).count()
        };
        let counts = [one, other, late].map(|node| (node, reduced(node)));
        match counts.iter().find(|(_, count)| *count == 0) {
            None => work_was_done(cluster, &job).await,
            Some((node, _)) => {
                let counts = counts.map(|(node, count)| format!("{node} finished {count}")).join(", ");
                let fact = Fact::NoReduceResultFrom { node: (*node).to_owned() };
                let expected = format!("{EVERYONE_REDUCES}: all of them were connected when the first of {REDUCES} began");
                Err(fact
                    .of(cluster, node, expected)
                    .evidence(format!("of the reduce tasks, {counts}"))
                    .because(
                        "A worker that asks while the last map tasks run gets no task. When reduce tasks may begin, the \
                         manager must give tasks to each idle worker, not only to the worker that reports at that moment.",
                    )
                    .into())
            }
        }
    })
    .await
}

pub(super) async fn idle_node_gets_its_next_task(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, idle, slow] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(34..=40);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step_as(&Step::job_given(manager), format!(
            "{manager} is given a job of {maps} map tasks that take 60 ms each. A result of {slow} is held back."
        ));
        let held = cluster.rule(
            Rule::new(Action::Hold)
                .from(&cluster.name(slow))
                .to(&cluster.name(manager))
                .kind(PatternKind::Cast)
                .message("Finished"),
        );
        let texts = slow_text(cluster, &mut draw, maps)?;
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 60)).await?;
        let took_effect = held.await_hits(1, SOON).await;
        cluster.written()?;
        took_effect?;

        cluster.step(format!("While {manager} waits for {slow}, {idle} continues."));
        let mark = cluster.mark();
        let next = async || {
            let given = assignments(cluster, &job, mark);
            match given.iter().any(|(node, assignment, _)| node == idle && assignment.attempt.job == job.id) {
                true => Ok(()),
                false => Err(Fact::NoOtherTask { node: idle.to_owned() }.unmet(idle)),
            }
        };
        cluster
            .eventually(AT_ONCE, format!("{IDLE}, even while another node is busy"), next)
            .await
            .because("A manager that gives out tasks in rounds waits for the slowest node in each round.")?;
        held.release();
        is_exact(cluster, &job, IDLE).await?;
        work_was_done(cluster, &job).await
    })
    .await
}

pub(super) async fn map_output_is_fetched(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, source, _] = draw.cast(["n1", "n2", "n3"]);
    let partitions = draw.number(5..=7) as usize;
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step_as(&Step::job_given(manager), format!(
            "{manager} is given a job: count the words of the King James Bible, together with the other nodes. For a while, the \
             network holds back what {source} answers to a `Fetch`, and the first result of a reduce task of {source}."
        ));
        let texts = texts(cluster).with(&file(&mut draw), bible(cluster)?)?;
        let result = cluster.rule(result(cluster, Action::Hold, [source, manager], false));
        let held = cluster.rule(
            Rule::new(Action::Hold)
                .from(&cluster.name(source))
                .kind(PatternKind::Answer)
                .message("Fetch")
                .times(usize::MAX),
        );
        let plan = Plan {
            texts: &texts,
            kind: JobKind::WordCount,
            split_bytes: 256 << 10,
            partitions,
            experiment: Some(Experiment { map_ms: 20, reduce_ms: 50 }),
        };
        let begun = cluster.mark();
        let job = submit(cluster, manager, &plan).await?;
        let watched = waits_for(cluster, &job, source, &held, begun);
        let (watched, seen) = tokio::join!(watched, reported(cluster, &job, &result, source));
        watched?;
        drop(held);
        let seen = seen?;
        is_exact(cluster, &job, FETCHED).await?;
        if let Some((file, in_time)) = seen {
            file.became_output(cluster, &job, in_time)?;
        }

        cluster.step("The checker asks each node what map tasks left there, and how much of it was fetched.");
        let maps = std::fs::metadata(&texts.inputs[0].path).map_or(0, |file| file.len()).div_ceil(plan.split_bytes);
        let kept = maps_kept(cluster, &job).await?.len() as u64;
        let why = WHY_FETCHED;
        if kept + 1 < maps {
            return Err(Fact::TooFewOutputsKept { maps, kept }
                .of(cluster, manager, format!("{FETCHED}: the node keeps it there"))
                .because(why)
                .into());
        }
        for (node, report) in reports(cluster).await? {
            let own = report.kept.iter().filter(|attempt| attempt.job == job.id).count();
            if own > 0 && report.served.get(&job.id).is_none_or(|bytes| *bytes == 0) {
                let fact = Fact::NothingFetchedFrom { node: node.clone(), maps: own };
                return Err(fact.of(cluster, &node, FETCHED).because(why).into());
            }
        }
        let over_the_link = cluster.frames().kind(Kind::Call).messages("Fetch").delivered();
        if over_the_link.is_empty() {
            return Err(Fact::NothingFetched
                .of(cluster, manager, format!("{FETCHED}, over the connection between the two nodes"))
                .because(why)
                .into());
        }
        work_was_done(cluster, &job).await?;
        summary_adds_up(cluster, &job).await?;

        cluster.step(format!("{manager} is given a job whose only file is empty, so that it has no map task."));
        let empty = super::texts(cluster).with(&file(&mut draw), "")?;
        let last = submit(cluster, manager, &Plan { texts: &empty, ..plan }).await?;
        let done = is_exact(cluster, &last, NO_MAPS).await;
        is_still_known(cluster, &job).await?;
        done.claiming(NO_MAPS).because(
            "No result of a map task ever arrives in this job. A manager that begins the reduce phase only when such a \
             result arrives waits forever.",
        )?;
        map_output_is_deleted(cluster, &job).await
    })
    .await
    .training("training/part2.md#problem-2-distribute")
}

pub(super) async fn two_jobs_at_the_same_time(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, ..] = draw.cast(["n1", "n2", "n3"]);
    let [maps, more] = [draw.number(23..=27), draw.number(23..=27)];
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "two jobs at the same time are both done";
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job of {maps} map tasks that take 60 ms each. While they run, {manager} is given a second job."),
        );
        let [first, second] = [slow_text(cluster, &mut draw, maps)?, slow_text(cluster, &mut draw, more)?];
        let first = submit(cluster, manager, &Plan::slow(&first, 4, 60, 60)).await?;
        // Each worker has a task of the first job by then.
        let begun = Instant::now();
        sleep(Duration::from_millis(150)).await;
        let second = submit(cluster, manager, &Plan::slow(&second, 4, 60, 60)).await?;
        if !first.is_open() || begun.elapsed() > Duration::from_millis(600) {
            return Err(Stop::inconclusive("The first job was done before the second was given."));
        }
        for job in [&first, &second] {
            is_exact(cluster, job, claim).await.because(
                "Each job of the manager may have tasks that wait. A worker without a task must get one of any job, not only \
                 of the job whose task it has just finished.",
            )?;
        }
        for job in [&first, &second] {
            is_still_known(cluster, job).await?;
        }
        Ok(())
    })
    .await
}

/// Looks at the file that a node names in its first result of a reduce task, and then lets the result go.
/// Says as well whether the result arrived long before its lease ended.
async fn reported(
    cluster: &Cluster<'_>,
    job: &super::Job,
    result: &RuleHandle<'_>,
    node: &str,
) -> Result<Option<(ReportedFile, bool)>, Stop> {
    // A job may end without such a result.
    let _ = timeout(SOON, result.has_acted(1)).await;
    let seen = Instant::now();
    let file = reported_file(cluster, job, result, node)?;
    result.release();
    Ok(file.map(|file| (file, seen.elapsed() < LEASE / 4)))
}

/// States that no other node finishes a reduce task as long as it cannot fetch from a node: it needs some
/// of each map task's output.
async fn waits_for(
    cluster: &Cluster<'_>,
    job: &super::Job,
    source: &str,
    held: &RuleHandle<'_>,
    since: Mark,
) -> Told {
    // If no node fetches from there, the job completes all the same, and what follows says so.
    let asked = async || match held.hits() > 0 || !job.is_open() {
        true => Ok(()),
        false => {
            cluster.written()?;
            let maps = maps_kept_by(cluster, job, source).await?;
            let node = source.to_owned();
            Err(Fact::NothingFetchedFrom { node, maps }.unmet(source))
        }
    };
    cluster.eventually(SOON, FETCHED, asked).await?;
    let kept = maps_kept_by(cluster, job, source).await?;
    if held.hits() == 0 || kept == 0 {
        return Ok(());
    }
    let none_is_done = async || {
        let results = results(cluster, job, since);
        let done = results.iter().find(|result| {
            result.from != source && result.attempt.job == job.id && !is_map(result.attempt.task)
        });
        match done {
            None => Ok(()),
            Some(result) => {
                let (node, source) = (result.from.clone(), source.to_owned());
                Err(Fact::ReducedWithout {
                    node,
                    source,
                    maps: kept,
                }
                .unmet(&result.from))
            }
        }
    };
    cluster
        .throughout(Duration::from_millis(300), FETCHED, none_is_done)
        .await
        .because(WHY_FETCHED)?;
    held.release();
    Ok(())
}

/// How many map tasks of a job have their output on a node.
async fn maps_kept_by(cluster: &Cluster<'_>, job: &super::Job, node: &str) -> Result<usize, Stop> {
    let reports = reports(cluster).await?;
    let kept = reports.get(node).map_or(&[][..], |report| &report.kept);
    Ok(kept.iter().filter(|attempt| attempt.job == job.id).count())
}
