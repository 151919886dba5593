//! Problems 6 and 7: a manager that crashes, and less to be fetched.

use std::collections::{BTreeMap, BTreeSet};

use super::delivery::is_there;
use super::messages::{JobKind, MANAGER, map_number};
use super::text::{file, prose};
use super::{
    ALL, Job, Plan, SOON, assignments, is_exact, reports, results, slow_text, status, submit, texts,
};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};

pub(super) async fn manager_goes_on(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, ..] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(34..=40);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "a manager that crashed goes on with the job";
        cluster.step(format!("{manager} is given a job of {maps} map tasks that take 60 ms each."));
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 60)).await?;
        let mut recorded = BTreeSet::new();
        let some = async || {
            // What the manager sent later than a result was sent after the result had arrived.
            let last = assignments(cluster, &job, begun).iter().map(|(_, _, clock)| *clock).max();
            let handled = results(cluster, &job, begun).into_iter().filter(|result| Some(result.clock) < last);
            recorded = handled
                .filter_map(|result| map_number(result.attempt.task))
                .collect();
            match recorded.len() {
                done if done >= 6 => Ok(()),
                done => {
                    cluster.written()?;
                    Err(Unmet::from(format!("{done} results of map tasks came in")))
                }
            }
        };
        cluster.eventually(SOON, "workers on other nodes finish map tasks", some).await?;
        // Its mailbox is in order: when this is answered, those results have been taken.
        status(cluster, &job).await?;

        cluster.step(format!(
            "{manager}'s manager crashes, and its supervisor starts it again. It is asked for the same job."
        ));
        cluster.crash(manager, &MANAGER).await?;
        if !job.is_open() {
            return Err(Stop::inconclusive("The job was done before the manager crashed."));
        }
        let before = attempts(cluster, &job).await?;
        is_there(cluster, manager).await?;
        is_exact(cluster, &job, claim).await.because(
            "A client that was told an id will ask for it. The crash of one process must not undo the work of a hundred others.",
        )?;
        let after = attempts(cluster, &job).await?;
        let again = recorded.iter().find(|map| after.get(map) > before.get(map));
        let Some(map) = again else { return Ok(()) };
        if !cluster.frames().messages("Failed").is_empty() {
            return Err(Stop::inconclusive("Some attempts failed meanwhile, so that map tasks had to be done again."));
        }
        Err(cluster
            .failed(
                format!("map task {map} was done before the crash, and once more after it"),
                format!("{claim}: map tasks that were done are not done again, as their nodes are still there"),
            )
            .because("What was finished is still where it was. A manager that has written down where that is need not have it done again.")
            .into())
    })
    .await
}

/// How often each map task of a job was done.
async fn attempts(cluster: &Cluster<'_>, job: &Job) -> Result<BTreeMap<usize, usize>, Stop> {
    let mut attempts = BTreeMap::new();
    for attempt in reports(cluster)
        .await?
        .values()
        .flat_map(|report| &report.kept)
    {
        if let Some(map) = map_number(attempt.task)
            && attempt.job == job.id
        {
            *attempts.entry(map).or_default() += 1;
        }
    }
    Ok(attempts)
}

pub(super) async fn combiner_cuts_what_is_fetched(cx: &Context) -> Told {
    /// Words of the text; each stands for at least two bytes if it is fetched by itself.
    const WORDS: usize = 120_000;
    let mut draw = cx.draw();
    let [manager, _] = draw.cast(["n1", "n2"]);
    let different = draw.number(180..=220);
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        let claim = "a combiner cuts what is fetched";
        cluster.step(format!(
            "{manager} is given a text of 120,000 words, but only {different} different ones, to count and to index."
        ));
        let mut text = || (file(&mut draw), prose(&mut draw, WORDS / 2, different as usize));
        let ((one, first), (two, second)) = (text(), text());
        let texts = texts(cluster).with(&one, first)?.with(&two, second)?;
        let plan = |kind, split_bytes| Plan {
            texts: &texts,
            kind,
            split_bytes,
            partitions: 4,
            experiment: None,
        };
        // Enough of each word in a split for its values to be combined more than once.
        let count = submit(cluster, manager, &plan(JobKind::WordCount, 1 << 20)).await?;
        is_exact(cluster, &count, claim).await.because(
            "A combiner may be applied to some values, to all or to none, and to its own results. Whatever it does, the \
             result must not depend on it.",
        )?;
        // Enough splits of both files for what was combined of one to be combined with the other.
        let index = submit(cluster, manager, &plan(JobKind::InvertedIndex, 8 << 10)).await?;
        is_exact(cluster, &index, claim).await.because("Not every job can be combined in the way that a sum can.")?;

        cluster.step("Ask each node how much was fetched for the word count.");
        let served: u64 = reports(cluster).await?.values().filter_map(|report| report.served.get(&count.id)).sum();
        let at_most = (WORDS * 2 / 5) as u64;
        if served > at_most {
            return Err(cluster
                .failed(
                    format!("{served} bytes were fetched to count {WORDS} words, of which {different} are different"),
                    format!("{claim}: at most {at_most} bytes, a fifth of what the words take when each is sent by itself"),
                )
                .because("The network between the nodes is what they all share. What a map task can add up, nobody has to fetch.")
                .into());
        }
        Ok(())
    })
    .await
}
