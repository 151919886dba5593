//! Problems 6 and 7: a manager that crashes, and a combiner.

use std::collections::{BTreeMap, BTreeSet};

use super::delivery::is_there;
use batch::JobStatus;

use super::fact::{Fact, Step};
use super::failure::job_with_crashes;
use super::messages::{JobKind, MANAGER, map_number};
use super::provenance::{values_left, work_was_done};
use super::text::{file, prose};
use super::{
    ALL, JOB_TIMEOUT, Job, Plan, SOON, assignments, is_exact, is_still_known, reports, results,
    slow_text, status, submit, texts,
};
use testkit::cluster::{Cluster, Explained, Options};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::Draw;

const WHY_COMBINED: &str = "All nodes share the network between them. No reduce task should have to fetch what a map task can add up.";

pub(super) async fn manager_continues(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, ..] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(34..=40);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "a restarted manager continues the job";
        cluster.step(format!("{manager} is given a job with a record that crashes its task each time, and a job without one. Both end."));
        let failed = failed_job(cluster, manager, &mut draw).await?;
        let short = slow_text(cluster, &mut draw, 2)?;
        let done = submit(cluster, manager, &Plan::slow(&short, 4, 0, 0)).await?;
        is_exact(cluster, &done, claim).await?;

        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job of {maps} map tasks that take 60 ms each."),
        );
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
                    let node = "other nodes".to_owned();
                    let kind = "map".to_owned();
                    Err(Fact::TooFewResults { node, kind, results: done }.unmet(manager))
                }
            }
        };
        cluster.eventually(SOON, "workers on other nodes finish map tasks", some).await?;
        // Its mailbox is in order: when this is answered, those results have been taken.
        status(cluster, &job).await?;

        cluster.step(format!(
            "{manager}'s manager crashes, and its supervisor restarts it. The checker asks it for the same job."
        ));
        cluster.crash(manager, &MANAGER).await?;
        if !job.is_open() {
            return Err(Stop::inconclusive("The job was done before the manager crashed."));
        }
        let before = attempts(cluster, &job).await?;
        is_there(cluster, manager).await?;
        let known = "the restarted manager still knows the jobs that have ended";
        let ended = match &failed {
            Some((failed, how)) => Some((status(cluster, failed).await?, how)),
            None => None,
        };
        if let Some((now, before)) = ended
            && now != *before
        {
            let (manager_name, status) = (manager.to_owned(), format!("{now:?}"));
            let fact = Fact::JobChangedItsEnd { manager: manager_name, before: "done or failed".to_owned(), status };
            return Err(fact
                .of(cluster, manager, format!("{claim}: {known}, including those that failed"))
                .because("A client that asks for its job learns how the job ended, or it submits the job again.")
                .into());
        }
        is_exact(cluster, &job, claim).await.because(
            "A client asks for its job by the id that it received. The crash of one process must not undo the work of a \
             hundred others.",
        )?;
        work_was_done(cluster, &job).await?;
        is_still_known(cluster, &done).await.claiming(claim)?;
        let after = attempts(cluster, &job).await?;
        let again = recorded.iter().find(|map| after.get(map) > before.get(map));
        let Some(map) = again else { return Ok(()) };
        if !cluster.frames().messages("Failed").is_empty() {
            return Err(Stop::inconclusive("Some attempts failed meanwhile, so the manager had to repeat map tasks."));
        }
        let expected = format!("{claim}: it repeats no map task that was done, because all nodes are still there");
        Err(Fact::MappedAgain { map: *map }
            .of(cluster, manager, expected)
            .because(
                "Finished map output is still where it was. A manager that recorded its place in the journal need not have \
                 it computed again.",
            )
            .into())
    })
    .await
}

/// A job that has ended, as a record crashed its task each time, and how it ended; none if the manager left
/// the record out.
async fn failed_job(
    cluster: &Cluster<'_>,
    manager: &'static str,
    draw: &mut Draw,
) -> Result<Option<(Job, JobStatus)>, Stop> {
    let poisoned = job_with_crashes(cluster, manager, draw, &[4], 1_000_000, 0).await?;
    let job = poisoned.job;
    let mut ended = None;
    let over = async || {
        cluster.written()?;
        match status(cluster, &job).await? {
            JobStatus::Running(_) => Err(Fact::JobNotOver { crashes: 0 }.unmet(manager)),
            end => {
                ended = Some(end);
                Ok(())
            }
        }
    };
    cluster
        .eventually(
            JOB_TIMEOUT,
            "a record that crashes every time ends the job or is left out",
            over,
        )
        .await?;
    let failed = ended.filter(|end| matches!(end, JobStatus::Failed(_)));
    Ok(failed.map(|how| (job, how)))
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

pub(super) async fn combiner_shrinks_the_shuffle(cx: &Context) -> Told {
    /// Words of the text. Each takes at least two bytes if it is fetched by itself.
    const WORDS: usize = 120_000;
    let mut draw = cx.draw();
    let [manager, _] = draw.cast(["n1", "n2"]);
    let different = draw.number(180..=220);
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        let claim = "a combiner shrinks the shuffle and keeps the result";
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a text of 120,000 words, {different} of them different, to count and to index."),
        );
        let mut text = || (file(&mut draw), prose(&mut draw, WORDS / 2, different as usize));
        let ((one, first), (two, second)) = (text(), text());
        // A comma is a letter of a name like all others.
        let one = format!("a,{one}");
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
            "A combiner may be applied to some values, to all or to none, and to its own results. The result must not \
             depend on that.",
        )?;
        let served: u64 = reports(cluster).await?.values().filter_map(|report| report.served.get(&count.id)).sum();
        let pairs = values_left(cluster, &count).await?;
        // Enough splits of both files for what was combined of one to be combined with the other.
        let index = submit(cluster, manager, &plan(JobKind::InvertedIndex, 8 << 10)).await?;
        is_exact(cluster, &index, claim).await.because("A list of files cannot be combined in the way that a sum can.")?;
        work_was_done(cluster, &index).await?;

        cluster.step("The checker looks at how much was fetched for the word count.");
        let at_most = (WORDS * 2 / 5) as u64;
        if served > at_most {
            let expected =
                format!("{claim}: reduce tasks fetch at most {at_most} bytes, a fifth of what the words take one by one");
            return Err(Fact::TooMuchFetched { bytes: served, words: WORDS, different }
                .of(cluster, manager, expected)
                .because(WHY_COMBINED)
                .into());
        }
        if pairs > WORDS / 5 {
            let expected = format!("{claim}: map tasks leave at most {} values, a fifth of the words", WORDS / 5);
            return Err(Fact::TooManyPairs { pairs, words: WORDS, different }
                .of(cluster, manager, expected)
                .because(WHY_COMBINED)
                .into());
        }
        Ok(())
    })
    .await
}
