//! Problem 2: a job that all nodes do together.

use std::time::Duration;

use batch::Experiment;
use runtime::net::faults::{Action, Kind, PatternKind, Rule};

use super::local::bible;
use super::messages::{JobKind, is_map};
use super::text::file;
use super::{
    ALL, Answered, Plan, SOON, assignments, has_finished, is_exact, maps_kept, reports, results,
    slow_text, submit, texts,
};
use testkit::cluster::{Cluster, Explained, Mark, Options, RuleHandle, Unmet};
use testkit::scenario::{Context, Stop, Told};

/// Well before the lease of the first attempt runs out.
const AT_ONCE: Duration = Duration::from_millis(700);

/// So many reduce tasks of this length are more than one node does before the others have heard of them.
const REDUCES: usize = 12;
const REDUCE_MS: u64 = 150;

const EVERYONE: &str = "every worker node finishes at least one task";
const EVERYONE_REDUCES: &str = "every worker node finishes at least one reduce task";
const WHY_FETCHED: &str = "On real machines there is no folder that all share for what lies between map and reduce: it \
                           would have to be written to several disks, only to be read once. So it stays where it is, \
                           and is fetched.";
const FETCHED: &str = "map output is fetched from the node where it lies";

pub(super) async fn every_node_takes_part(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other, late] = draw.cast(["n1", "n2", "n3", "n4"]);
    let maps = draw.number(46..=54);
    let mut nodes = [manager, one, other];
    nodes.sort_unstable();
    Cluster::tell(cx, &nodes, Options::default(), async |cluster| {
        cluster.step(format!("{late} is started, but does not join yet."));
        cluster.start_node(late).await?;
        cluster.step(format!(
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
                Err(Unmet::from("no result came in"))
            }
        };
        let wanted = "workers on other nodes than the manager's do some of the tasks";
        cluster.eventually(SOON, wanted, first).await.because(
            "A manager that does all the work itself is a program for one node, with a network beside it.",
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
                return Err(cluster
                    .failed(format!("no result came from {node}"), format!("{EVERYONE}; {node}{why} had time for some"))
                    .because("Work that waits while a node has nothing to do takes longer than it must.")
                    .into());
            }
        }
        let reduced = |node: &str| {
            let is_own = |result: &&Answered| result.from == node && !is_map(result.attempt.task);
            seen.iter().filter(is_own).count()
        };
        let counts = [one, other, late].map(|node| (node, reduced(node)));
        match counts.iter().find(|(_, count)| *count == 0) {
            None => Ok(()),
            Some((node, _)) => {
                let counts = counts.map(|(node, count)| format!("{node} finished {count}")).join(", ");
                Err(cluster
                    .failed(
                        format!("no result of a reduce task came from {node}"),
                        format!("{EVERYONE_REDUCES}: all of them were connected when the first of {REDUCES} began"),
                    )
                    .evidence(format!("of the reduce tasks, {counts}"))
                    .because(
                        "A worker that asks while the last map tasks run gets nothing. When reduce tasks may begin, the \
                         manager must think of each worker that is idle, not only of the one that it hears from.",
                    )
                    .into())
            }
        }
    })
    .await
}

pub(super) async fn done_gets_its_next_task(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, idle, slow] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(34..=40);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
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
        let bitten = held.await_hits(1, SOON).await;
        cluster.written()?;
        bitten?;

        cluster.step(format!("While {manager} waits for {slow}, {idle} goes on."));
        let mark = cluster.mark();
        let next = async || {
            let given = assignments(cluster, &job, mark);
            match given.iter().any(|(node, assignment, _)| node == idle && assignment.attempt.job == job.id) {
                true => Ok(()),
                false => Err(Unmet::at(idle, format!("{idle} was given no other task"))),
            }
        };
        cluster
            .eventually(AT_ONCE, "a node that is done gets its next task at once, also while another is still busy", next)
            .await
            .because("Who hands out tasks in rounds waits, in each of them, for the slowest; and one is always the slowest.")?;
        held.release();
        is_exact(cluster, &job, "a node that is done gets its next task at once").await
    })
    .await
}

pub(super) async fn map_output_is_fetched(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, source, _] = draw.cast(["n1", "n2", "n3"]);
    let partitions = draw.number(5..=7) as usize;
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{manager} is given a job: count the words of the King James Bible, with the others. What is fetched \
             from {source} does not get through for a while."
        ));
        let texts = texts(cluster).with(&file(&mut draw), bible(cluster)?)?;
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
        waits_for(cluster, &job, source, &held, begun).await?;
        drop(held);
        is_exact(cluster, &job, FETCHED).await?;

        cluster.step("Ask each node what map tasks have left there, and what was fetched of it.");
        let maps = std::fs::metadata(&texts.inputs[0].path).map_or(0, |file| file.len()).div_ceil(plan.split_bytes);
        let kept = maps_kept(cluster, &job).await?.len() as u64;
        let why = WHY_FETCHED;
        if kept + 1 < maps {
            return Err(cluster
                .failed(
                    format!("of about {maps} map tasks, {kept} have left their output with a node's `partitions`"),
                    format!("{FETCHED}: there it is kept"),
                )
                .because(why)
                .into());
        }
        for (node, report) in reports(cluster).await? {
            let own = report.kept.iter().filter(|attempt| attempt.job == job.id).count();
            if own > 0 && report.served.get(&job.id).is_none_or(|bytes| *bytes == 0) {
                return Err(cluster
                    .failed(format!("{node} keeps the output of {own} map tasks, of which nothing was fetched"), FETCHED)
                    .because(why)
                    .into());
            }
        }
        let over_the_link = cluster.frames().kind(Kind::Call).messages("Fetch").delivered();
        if over_the_link.is_empty() {
            return Err(cluster
                .failed("no `Fetch` went from node to node", format!("{FETCHED}, over the link between the two"))
                .because(why)
                .into());
        }
        Ok(())
    })
    .await
    .training("training/part2.md#problem-2-distribute")
}

/// As long as nothing gets through that is fetched from a node, no reduce task is done elsewhere: it
/// needs some of each map task's output.
async fn waits_for(
    cluster: &Cluster<'_>,
    job: &super::Job,
    source: &str,
    held: &RuleHandle<'_>,
    since: Mark,
) -> Told {
    // In a job that gets done without it, nothing is fetched from there. What follows says so.
    let asked = async || match held.hits() > 0 || !job.is_open() {
        true => Ok(()),
        false => {
            cluster.written()?;
            Err(Unmet::from(format!("nothing was fetched from {source}")))
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
            Some(result) => Err(Unmet::at(
                &result.from,
                format!(
                    "{} finished a reduce task, when nothing that was fetched from {source}, which keeps the output of \
                     {kept} map tasks, had got through",
                    result.from
                ),
            )),
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

/// Waits until a node has finished so many map tasks of a job.
pub(super) async fn maps_by(
    cluster: &Cluster<'_>,
    job: &super::Job,
    node: &str,
    count: usize,
    since: Mark,
) -> Told {
    has_finished(cluster, job, node, true, count, since).await
}
