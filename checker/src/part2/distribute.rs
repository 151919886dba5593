//! Problem 2: a job that all nodes do together.

use std::time::Duration;

use batch::Experiment;
use runtime::net::faults::{Action, Kind, PatternKind, Rule};

use super::local::bible;
use super::messages::JobKind;
use super::text::lines;
use super::{
    Plan, SOON, assignments, has_finished, is_exact, maps_kept, reports, results, submit, texts,
};
use crate::cluster::{Cluster, Explained, Options, Unmet};
use crate::scenario::{Context, Stop, Told};

/// Well before the lease of the first attempt runs out.
const AT_ONCE: Duration = Duration::from_millis(700);

const EVERYONE: &str = "every worker node finishes at least one task";
const FETCHED: &str = "map output is fetched from the node where it lies";

pub(super) async fn every_node_takes_part(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n4 is started, but does not join yet.");
        cluster.start_node("n4").await?;
        cluster.step("n1 is given a job of 48 map tasks that take 60 ms each.");
        let mut draw = cluster.context().draw();
        let texts = texts(cluster).with("slow.txt", lines(&mut draw, 48 * 4))?;
        let begun = cluster.mark();
        let job = submit(cluster, &Plan::slow(&texts, 4, 60, 60), "out").await?;

        cluster.step("When the first result has come in, n4 joins.");
        let first = async || match results(cluster, begun).is_empty() {
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
        cluster.connect("n4", "n1").await?;
        cluster.await_mesh().await?;
        let kept = maps_kept(cluster, &job).await?.len();
        if kept > 48 - 16 {
            return Err(Stop::inconclusive(format!(
                "When n4 had joined, {kept} of 48 map tasks were done already."
            )));
        }
        is_exact(cluster, &job, EVERYONE).await?;
        let seen = results(cluster, begun);
        for node in ["n2", "n3", "n4"] {
            if !seen.iter().any(|result| result.from == node && result.attempt.job == job.id) {
                let late = if node == "n4" { ", which joined late," } else { "" };
                return Err(cluster
                    .failed(format!("no result came from {node}"), format!("{EVERYONE}; {node}{late} had time for some"))
                    .because("Work that waits while a node has nothing to do takes longer than it must.")
                    .into());
            }
        }
        Ok(())
    })
    .await
}

pub(super) async fn done_gets_its_next_task(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 is given a job of 36 map tasks that take 60 ms each. A result of n3 is held back.");
        let held = cluster.rule(
            Rule::new(Action::Hold)
                .from(&cluster.name("n3"))
                .to(&cluster.name("n1"))
                .kind(PatternKind::Cast)
                .message("Finished"),
        );
        let mut draw = cluster.context().draw();
        let texts = texts(cluster).with("slow.txt", lines(&mut draw, 36 * 4))?;
        let job = submit(cluster, &Plan::slow(&texts, 4, 60, 60), "out").await?;
        let bitten = held.await_hits(1, SOON).await;
        cluster.written()?;
        bitten?;

        cluster.step("While n1 waits for n3, n2 goes on.");
        let mark = cluster.mark();
        let next = async || {
            let given = assignments(cluster, mark);
            match given.iter().any(|(node, assignment, _)| node == "n2" && assignment.attempt.job == job.id) {
                true => Ok(()),
                false => Err(Unmet::at("n2", "n2 was given no other task")),
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
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 is given a job: count the words of the King James Bible, with the others.");
        let texts = texts(cluster).with("kjv.txt", bible(cluster)?)?;
        let plan = Plan {
            texts: &texts,
            kind: JobKind::WordCount,
            split_bytes: 256 << 10,
            partitions: 6,
            experiment: Some(Experiment { map_ms: 20, reduce_ms: 50 }),
        };
        let job = submit(cluster, &plan, "out").await?;
        is_exact(cluster, &job, FETCHED).await?;

        cluster.step("Ask each node what map tasks have left there, and what was fetched of it.");
        let maps = std::fs::metadata(&texts.inputs[0].path).map_or(0, |file| file.len()).div_ceil(plan.split_bytes);
        let kept = maps_kept(cluster, &job).await?.len() as u64;
        let why = "On real machines there is no folder that all share for what lies between map and reduce: it would \
                   have to be written to several disks, only to be read once. So it stays where it is, and is fetched.";
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
    .training("problem-2-distribute")
}

/// Waits until a node has finished so many map tasks of a job.
pub(super) async fn maps_by(
    cluster: &Cluster<'_>,
    job: &super::Job,
    node: &str,
    count: usize,
    since: crate::cluster::Mark,
) -> Told {
    has_finished(cluster, job, node, true, count, since).await
}
