//! Problem 3: workers crash, and nodes die.

use std::path::{Path, PathBuf};
use std::time::Duration;

use runtime::net::faults::{Action, PatternKind, Rule};

use super::distribute::maps_by;
use super::messages::{JobStatus, MOST_CRASHES, WORKERS, map_number};
use super::text::{self, lines};
use super::{
    ALL, JOB_WITHIN, Job, LEASE, Plan, SOON, has_finished, inexact, is_computed_again, is_exact,
    maps_kept, output_is_exact, place, results, slow_text, status, submit, texts,
};
use testkit::cluster::{Cluster, Explained, Mark, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::Draw;

const WHY_LOST: &str = "What a map task leaves is on the node where it ran and nowhere else. When the node dies, a task \
                        that was done is not done any more.";

pub(super) async fn crashed_worker_is_replaced(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(34..=40);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!("{manager} is given a job of {maps} map tasks that take 60 ms each."));
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 60)).await?;
        maps_by(cluster, &job, one, 1, begun).await?;
        maps_by(cluster, &job, other, 1, begun).await?;

        cluster.step("The workers of all nodes crash, one node after the other.");
        let mut crashed = 0;
        for node in [one, other, manager] {
            crashed += cluster.crash_children(node, &WORKERS).await?;
        }
        if crashed < 2 {
            return Err(Stop::inconclusive(format!("Only {crashed} workers were there to be crashed.")));
        }
        is_exact(cluster, &job, "a worker that crashes is replaced, and its task is tried again")
            .await
            .because("A crash ends one process and nothing else. Whoever gave it work is the only one who knows what is missing now.")
    })
    .await
}

pub(super) async fn node_dies_in_map_phase(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, victim, _] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(34..=40);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "a node that dies in the map phase takes nothing along that is needed";
        cluster.step(format!(
            "{manager} is given a job of {maps} map tasks that take 60 ms each."
        ));
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 40)).await?;
        maps_by(cluster, &job, victim, 2, begun).await?;

        cluster.step(format!(
            "{victim}, which has finished some map tasks, is killed. All that it had is lost."
        ));
        cluster.kill(victim).await?;
        let mut done = maps_kept(cluster, &job).await?;
        done.extend(
            results(cluster, &job, begun)
                .into_iter()
                .filter_map(|result| map_number(result.attempt.task)),
        );
        if done.len() as u64 >= maps {
            return Err(Stop::inconclusive(
                "All map tasks were done before the node was dead.",
            ));
        }
        is_exact(cluster, &job, claim).await.because(WHY_LOST)?;
        is_computed_again(cluster, &job, maps, victim, begun).await
    })
    .await
}

pub(super) async fn node_dies_in_shuffle(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, victim, _] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(16..=20);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!("{manager} is given a job of {maps} map tasks. What is fetched from {victim} does not get through."));
        let held = cluster.rule(
            Rule::new(Action::Hold)
                .from(&cluster.name(victim))
                .kind(PatternKind::Answer)
                .message("Fetch")
                .times(usize::MAX),
        );
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 40).partitions(6)).await?;
        maps_by(cluster, &job, victim, 1, begun).await?;
        held.await_hits(1, SOON).await?;

        cluster.step(format!("{victim} is killed while others wait for what they want to fetch from it."));
        cluster.kill(victim).await?;
        is_exact(cluster, &job, "a node that dies in the shuffle takes nothing along that is needed")
            .await
            .because(WHY_LOST)?;
        is_computed_again(cluster, &job, maps, victim, begun).await
    })
    .await
}

pub(super) async fn node_dies_in_reduce_phase(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, victim, _] = draw.cast(["n1", "n2", "n3"]);
    let [maps, reduces] = [draw.number(16..=20), draw.number(11..=14)];
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{manager} is given a job of {maps} map tasks and {reduces} reduce tasks that take 100 ms each."
        ));
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let plan = Plan::slow(&texts, 4, 40, 100).partitions(reduces as usize);
        let job = submit(cluster, manager, &plan).await?;
        maps_by(cluster, &job, victim, 1, begun).await?;
        has_finished(cluster, &job, victim, false, 1, begun).await?;

        cluster.step(format!("{victim}, which has finished a reduce task and has map output that others need, is killed."));
        cluster.kill(victim).await?;
        if job.output.exists() {
            return Err(Stop::inconclusive("The job was done before the node was dead."));
        }
        is_exact(cluster, &job, "a node that dies in the reduce phase takes nothing along that is needed")
            .await
            .because(WHY_LOST)
    })
    .await
}

/// A job of which one record crashes its task.
struct Poisoned {
    job: Job,
    /// The file with the record in it.
    file: String,
    /// Where the crashes are counted.
    crashes: PathBuf,
}

/// Gives such a job to a manager. The record crashes its task `times` times at most, and each time
/// only after a while.
async fn job_with_crashes(
    cluster: &Cluster<'_>,
    manager: &'static str,
    draw: &mut Draw,
    times: u64,
    after_ms: u64,
) -> Result<Poisoned, Stop> {
    let (file, crashes) = (text::file(draw), place(cluster)?);
    let [before, behind] = [draw.number(12..=28) as usize, draw.number(12..=28) as usize];
    let (before, behind) = (lines(draw, before), lines(draw, behind));
    let order = format!("@sleep {after_ms}\n@panic {times} {}\n", crashes.display());
    let texts = texts(cluster).with(&file, before + &order + &behind)?;
    let job = submit(cluster, manager, &Plan::slow(&texts, 4, 30, 30)).await?;
    Ok(Poisoned { job, file, crashes })
}

fn crashes_so_far(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}

pub(super) async fn record_crashes_three_times(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, ..] = draw.cast(["n1", "n2", "n3"]);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{manager} is given a job with a record that crashes its map task three times, and not a fourth time."
        ));
        let Poisoned { job, crashes, .. } = job_with_crashes(cluster, manager, &mut draw, MOST_CRASHES - 1, 0).await?;
        is_exact(cluster, &job, "a record that crashes three times does not end the job")
            .await
            .because("Many crashes do not come again: a machine that was short of memory, a file that was busy. One more try costs little.")?;
        match crashes_so_far(&crashes) {
            3 => Ok(()),
            others => Err(Stop::inconclusive(format!("The record crashed {others} times, not three times."))),
        }
    })
    .await
}

pub(super) async fn record_crashes_every_time(cx: &Context) -> Told {
    crashes_every_time(
        cx,
        0,
        "a record that crashes every time is not tried for ever",
    )
    .await
}

/// Belongs to problem 4, as there it is decided what an attempt is whose time is over.
pub(super) async fn record_crashes_late(cx: &Context) -> Told {
    let after = LEASE + Duration::from_millis(150);
    let claim = "a record that crashes when its time is over is not tried for ever";
    crashes_every_time(cx, after.as_millis() as u64, claim).await
}

async fn crashes_every_time(cx: &Context, after_ms: u64, claim: &'static str) -> Told {
    /// Several attempts may be under way when the job is given up.
    const FOR_EVER: u64 = 5 * MOST_CRASHES;
    let mut draw = cx.draw();
    let [manager, ..] = draw.cast(["n1", "n2", "n3"]);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let late = match after_ms {
            0 => String::new(),
            _ => format!(", after {after_ms} ms"),
        };
        cluster.step(format!("{manager} is given a job with a record that crashes its map task each time{late}."));
        let Poisoned { job, file, crashes } = job_with_crashes(cluster, manager, &mut draw, 1_000_000, after_ms).await?;
        let mut ended = None;
        let wait = cluster.eventually(JOB_WITHIN, claim, async || {
            cluster.written()?;
            let so_far = crashes_so_far(&crashes);
            if so_far > FOR_EVER {
                return Err(Unmet::Never(
                    cluster.failed(format!("the same record has crashed {so_far} times, and is tried again and again"), claim).into(),
                ));
            }
            match status(cluster, &job).await? {
                end @ (JobStatus::Done(_) | JobStatus::Failed(_)) => ended = Some(end),
                _ => return Err(Unmet::at(manager, format!("the job is not over; the record has crashed {so_far} times"))),
            }
            Ok(())
        });
        wait.await.because("What is there every time is not cured by trying again. Somebody has to be told, and by name.")?;

        cluster.step("The job is over. Look how it ended.");
        let so_far = crashes_so_far(&crashes);
        match ended {
            Some(JobStatus::Failed(why)) => {
                if so_far < MOST_CRASHES {
                    return Err(cluster.failed(format!("the job was given up after {so_far} crashes: {why}"), format!("{claim}, but {MOST_CRASHES} times")).into());
                }
                if !why.contains(&file) {
                    return Err(cluster
                        .failed(format!("the job failed with the error `{why}`"), format!("{claim}: the error names the split, with the name of its file"))
                        .because("There may be ten thousand splits. Who is to look into the matter must know which one.")
                        .into());
                }
                leaves_no_output(cluster, &job, claim)
            }
            _ => output_is_exact(cluster, &job, claim).because("A record that cannot be mapped may be left out, but only that one."),
        }
    })
    .await
}

/// Whatever there was of the output of a job that failed is gone.
fn leaves_no_output(cluster: &Cluster<'_>, job: &Job, claim: &str) -> Told {
    if job.output.exists() {
        let seen = match text::read_output(&job.output, job.partitions) {
            Ok(table) => format!("the job failed, and left an output of {} keys", table.len()),
            Err(why) => format!("the job failed, and left an output: {why}"),
        };
        return Err(inexact(cluster, seen, claim).into());
    }
    Ok(())
}

/// How long a whole lease and what follows from its end may take.
pub(super) const A_LEASE_LATER: Duration = Duration::from_secs(LEASE.as_secs() + 5);

/// Waits until some reduce task was given to another node.
pub(super) async fn reduces_begin(cluster: &Cluster<'_>, job: &Job, since: Mark) -> Told {
    let given = async || {
        let given = super::assignments(cluster, job, since);
        let is_reduce = |assignment: &super::Assignment| {
            assignment.attempt.job == job.id && !super::messages::is_map(assignment.attempt.task)
        };
        match given.iter().any(|(_, assignment, _)| is_reduce(assignment)) {
            true => Ok(()),
            false => {
                cluster.written()?;
                Err(Unmet::at(
                    job.manager,
                    format!("{} has given out no reduce task", job.manager),
                ))
            }
        }
    };
    cluster
        .eventually(A_LEASE_LATER, "the job comes to its reduce phase", given)
        .await
}
