//! Problem 3: workers crash, and nodes die.

use std::path::PathBuf;
use std::time::Duration;

use batch::JobStatus;
use runtime::net::faults::{Action, PatternKind, Rule};

use super::fact::{Fact, Step};
use super::messages::{MAX_CRASHES, WORKERS, map_number};
use super::progress::maps_by;
use super::provenance::{crashes_were_panics, work_was_done};
use super::text::{self, lines};
use super::{
    ALL, JOB_TIMEOUT, Job, LEASE, Plan, SOON, has_finished, inexact, is_computed_again, is_exact,
    maps_kept, output_is_exact, place, results, slow_text, status, submit, texts,
};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::Draw;
use testkit::trouble::While;

const WHY_LOST: &str = "The output of a map task is stored on the node where the task ran, and nowhere else. When the node dies, a \
                        map task that was done is no longer done.";

pub(super) async fn crashed_worker_is_replaced(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, one, other] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(34..=40);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job of {maps} map tasks that take 60 ms each."),
        );
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 60)).await?;
        maps_by(cluster, &job, one, 1, begun).await?;
        maps_by(cluster, &job, other, 1, begun).await?;

        cluster.step("The workers of all nodes crash, one node after another.");
        let mut crashed = 0;
        for node in [one, other, manager] {
            crashed += cluster.crash_children(node, &WORKERS).await?;
        }
        if crashed < 2 {
            return Err(Stop::inconclusive(format!("Only {crashed} workers were there to crash.")));
        }
        is_exact(cluster, &job, "a worker that crashes is replaced, and its task is retried")
            .await
            .because("A crash ends one process and nothing else. Only the manager that gave it a task knows what is missing now.")?;
        work_was_done(cluster, &job).await?;

        cluster.step(format!("The workers crash again, while they have nothing to do. Then {manager} is given a second job."));
        for node in [one, other, manager] {
            cluster.crash_children(node, &WORKERS).await?;
        }
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 0)).await?;
        for node in [one, other] {
            maps_by(cluster, &job, node, 1, begun).await.claiming("a worker that crashes is replaced, even one without a task").because(
                "The monitor reports the end of a worker that has no task, too. If the manager does nothing then, the node \
                 no longer has a worker.",
            )?;
        }
        is_exact(cluster, &job, "a second job completes after the crashes of the first").await
    })
    .await
}

pub(super) async fn node_dies_in_map_phase(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, victim, _] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(34..=40);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "a node that dies in the map phase does not stop the job";
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job of {maps} map tasks that take 60 ms each."),
        );
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 40)).await?;
        maps_by(cluster, &job, victim, 2, begun).await?;

        cluster.step(format!(
            "{victim} has finished some map tasks. Now it is killed, and its map output is lost."
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
                "All map tasks were done before the node died.",
            ));
        }
        is_exact(cluster, &job, claim).await.because(WHY_LOST)?;
        is_computed_again(cluster, &job, maps, victim, begun).await?;
        work_was_done(cluster, &job).await?;

        cluster.step(format!(
            "{manager} is given a second job, without {victim}."
        ));
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 0, 0)).await?;
        is_exact(
            cluster,
            &job,
            "a second job completes after the death of a node",
        )
        .await
    })
    .await
}

pub(super) async fn node_dies_in_shuffle(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, victim, _] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(16..=20);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job of {maps} map tasks. The network holds back what {victim} answers to a `Fetch`."),
        );
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

        cluster.step(format!("{victim} is killed while others wait for its map output."));
        cluster.kill(victim).await?;
        is_exact(cluster, &job, "a node that dies in the shuffle does not stop the job")
            .await
            .because(WHY_LOST)?;
        is_computed_again(cluster, &job, maps, victim, begun).await?;
        work_was_done(cluster, &job).await
    })
    .await
}

pub(super) async fn node_dies_in_reduce_phase(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, victim, _] = draw.cast(["n1", "n2", "n3"]);
    let [maps, reduces] = [draw.number(16..=20), draw.number(11..=14)];
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job of {maps} map tasks and {reduces} reduce tasks that take 100 ms each."),
        );
        let texts = slow_text(cluster, &mut draw, maps)?;
        let begun = cluster.mark();
        let plan = Plan::slow(&texts, 4, 40, 100).partitions(reduces as usize);
        let job = submit(cluster, manager, &plan).await?;
        maps_by(cluster, &job, victim, 1, begun).await?;
        has_finished(cluster, &job, victim, false, 1, begun).await?;

        cluster.step(format!("{victim} has finished a reduce task, and has map output that others need. Now it is killed."));
        cluster.kill(victim).await?;
        if job.output.exists() {
            return Err(Stop::inconclusive("The job was done before the node died."));
        }
        is_exact(cluster, &job, "a node that dies in the reduce phase does not stop the job")
            .await
            .because(WHY_LOST)?;
        work_was_done(cluster, &job).await
    })
    .await
}

/// A job of which one record, or one of each of two splits, crashes its task.
pub(super) struct Poisoned {
    pub(super) job: Job,
    /// The file with the records in it.
    file: String,
    /// For each record, the file in which its crashes are counted.
    crashes: Vec<PathBuf>,
}

impl Poisoned {
    /// How often each record has crashed its task.
    fn crashes_so_far(&self) -> Vec<u64> {
        let length = |file: &PathBuf| std::fs::metadata(file).map_or(0, |file| file.len());
        self.crashes.iter().map(length).collect()
    }
}

/// So many lines that no two records with these in between are in one split.
const MANY_LINES: u64 = 12;

/// How many lines stand before a record.
fn lines_before(draw: &mut Draw) -> u64 {
    draw.number(MANY_LINES..=28)
}

/// Gives such a job to a manager. Before each of the records there are so many lines. Each of them crashes its
/// task `times` times at most, and each time only after a while.
pub(super) async fn job_with_crashes(
    cluster: &Cluster<'_>,
    manager: &'static str,
    draw: &mut Draw,
    before: &[u64],
    times: u64,
    after_ms: u64,
) -> Result<Poisoned, Stop> {
    let file = text::file(draw);
    let mut crashes = Vec::new();
    let mut content = String::new();
    for count in before {
        let counted = place(cluster)?;
        content += &lines(draw, *count as usize);
        content += &format!("@sleep {after_ms}\n@panic {times} {}\n", counted.display());
        crashes.push(counted);
    }
    content += &lines(draw, MANY_LINES as usize);
    let texts = texts(cluster).with(&file, content)?;
    let job = submit(cluster, manager, &Plan::slow(&texts, 4, 30, 30)).await?;
    Ok(Poisoned { job, file, crashes })
}

pub(super) async fn records_crash_three_times(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, ..] = draw.cast(["n1", "n2", "n3"]);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job with two records. Each crashes its map task three times, and not a fourth time."),
        );
        let before = [lines_before(&mut draw), lines_before(&mut draw)];
        let poisoned = job_with_crashes(cluster, manager, &mut draw, &before, MAX_CRASHES - 1, 0).await?;
        is_exact(cluster, &poisoned.job, "records that crash three times do not end the job")
            .await
            .because(
                "Many crashes do not happen again: the machine was short of memory, or a file was busy. One more try costs \
                 little. The crashes of one task say nothing about another task.",
            )?;
        let crashes = poisoned.crashes_so_far();
        if crashes != [MAX_CRASHES - 1; 2] {
            return Err(Stop::inconclusive(format!(
                "The records crashed {} and {} times, not three times each.",
                crashes[0], crashes[1]
            )));
        }
        let all = crashes.iter().sum();
        crashes_were_panics(cluster, &poisoned.job, &poisoned.file, all).await?;
        work_was_done(cluster, &poisoned.job).await?;

        cluster.step(format!("{manager} is given another such job, in which tasks of the same numbers crash."));
        let next = job_with_crashes(cluster, manager, &mut draw, &before, MAX_CRASHES - 1, 0).await?;
        is_exact(cluster, &next.job, "records that crash three times do not end the job, nor the next one")
            .await
            .because("A task's number is unique only within its job. The crashes of one job say nothing about another.")
    })
    .await
}

pub(super) async fn record_crashes_every_time(cx: &Context) -> Told {
    crashes_every_time(
        cx,
        0,
        "a record that crashes every time ends the job or is left out",
    )
    .await
}

/// Belongs to problem 4, which decides what an attempt is whose lease has ended.
pub(super) async fn record_crashes_late(cx: &Context) -> Told {
    let after = LEASE + Duration::from_millis(150);
    let claim = "a record that crashes after its lease ends the job or is left out";
    crashes_every_time(cx, after.as_millis() as u64, claim).await
}

async fn crashes_every_time(cx: &Context, after_ms: u64, claim: &'static str) -> Told {
    /// Several attempts may be under way when the manager gives the job up.
    const FOR_EVER: u64 = 5 * MAX_CRASHES;
    let mut draw = cx.draw();
    let [manager, ..] = draw.cast(["n1", "n2", "n3"]);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let late = match after_ms {
            0 => String::new(),
            _ => format!(", after {after_ms} ms"),
        };
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job with a record that crashes its map task each time{late}."),
        );
        let before = lines_before(&mut draw);
        let poisoned = job_with_crashes(cluster, manager, &mut draw, &[before], 1_000_000, after_ms).await?;
        let Poisoned { job, file, .. } = &poisoned;
        let mut ended = None;
        let wait = cluster.eventually(JOB_TIMEOUT, claim, async || {
            cluster.written()?;
            let crashes = poisoned.crashes_so_far()[0];
            if crashes > FOR_EVER {
                let fact = Fact::CrashesWithoutEnd { crashes };
                return Err(Unmet::Never(fact.of(cluster, manager, claim).into()));
            }
            match status(cluster, job).await? {
                end @ (JobStatus::Done(_) | JobStatus::Failed(_)) => ended = Some(end),
                _ => return Err(Fact::JobNotOver { crashes }.unmet(manager)),
            }
            Ok(())
        });
        wait.await.because(
            "One more try does not cure a crash that happens every time. The error must reach the client, and name the split.",
        )?;

        cluster.step("The job has ended. The checker looks at its outcome.");
        let crashes = poisoned.crashes_so_far()[0];
        crashes_were_panics(cluster, job, file, crashes).await?;
        match ended {
            Some(JobStatus::Failed(why)) => {
                if crashes < MAX_CRASHES {
                    let expected = format!("{claim}, after {MAX_CRASHES} crashes");
                    return Err(Fact::GivenUpEarly { crashes, why }.of(cluster, manager, expected).into());
                }
                if !why.contains(file) {
                    let expected = format!("{claim}: the error names the split, with the name of its file");
                    return Err(Fact::ErrorWithoutSplit { why }
                        .of(cluster, manager, expected)
                        .because("There may be ten thousand splits. The error must say which of them to look into.")
                        .into());
                }
                leaves_no_output(cluster, job, claim)?;
                is_left_alone(cluster, &poisoned, &mut draw, claim).await
            }
            _ => {
                output_is_exact(cluster, job, claim)
                    .because("A job may leave out a record that it cannot map, and only that record.")?;
                work_was_done(cluster, job).await
            }
        }
    })
    .await
}

/// States that the manager gives out no tasks of a job that has failed.
async fn is_left_alone(
    cluster: &Cluster<'_>,
    poisoned: &Poisoned,
    draw: &mut Draw,
    claim: &str,
) -> Told {
    /// Each node may have been busy with the record when the manager gave the job up.
    const MAX_LEFT: u64 = 2 * ALL.len() as u64;
    let (manager, before) = (poisoned.job.manager, poisoned.crashes_so_far()[0]);
    cluster.step(format!(
        "{manager} is given another job, which no record crashes."
    ));
    let why =
        "A job that has ended must not keep the cluster busy: its tasks delay those of other jobs.";
    let texts = slow_text(cluster, draw, 12)?;
    let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 30)).await?;
    let told = is_exact(cluster, &job, claim).await;
    let crashes = poisoned.crashes_so_far()[0];
    if crashes > before + MAX_LEFT {
        let expected = format!("{claim}, and the record crashes no worker once the job has ended");
        return Err(Fact::CrashesWithoutEnd { crashes }
            .of(cluster, manager, expected)
            .because(why)
            .into());
    }
    told.because(why)
}

pub(super) async fn input_cannot_be_read(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [manager, ..] = draw.cast(["n1", "n2", "n3"]);
    let maps = draw.number(23..=27);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        let claim = "a task that fails every time ends the job";
        cluster.step_as(
            &Step::job_given(manager),
            format!("{manager} is given a job of {maps} map tasks that take 60 ms each. Meanwhile its input file is removed."),
        );
        let texts = slow_text(cluster, &mut draw, maps)?;
        let job = submit(cluster, manager, &Plan::slow(&texts, 4, 60, 30)).await?;
        let input = &texts.inputs[0];
        std::fs::remove_file(&input.path).or_trouble(|| format!("remove {}", input.path.display()))?;
        let mut ended = None;
        let over = async || {
            cluster.written()?;
            match status(cluster, &job).await? {
                JobStatus::Running(at) => {
                    let [maps_done, maps, reduces_done, reduces] = [at.maps_done, at.maps, at.reduces_done, at.reduces];
                    Err(Fact::JobNotDone { maps_done, maps, reduces_done, reduces }.unmet(manager))
                }
                end => {
                    ended = Some(end);
                    Ok(())
                }
            }
        };
        cluster.eventually(JOB_TIMEOUT, claim, over).await.because(
            "The worker is healthy and reports that it could not read its split. No attempt on any node can read it: such a \
             failure must count like a crash.",
        )?;
        match ended {
            Some(JobStatus::Failed(why)) if why.contains(&input.name) => leaves_no_output(cluster, &job, claim),
            Some(JobStatus::Failed(why)) => {
                let expected = format!("{claim}: the error names the split, with the name of its file");
                Err(Fact::ErrorWithoutSplit { why }.of(cluster, manager, expected).into())
            }
            _ => Err(Stop::inconclusive("The input was read before it was removed.")),
        }
    })
    .await
}

/// States that the output of a job that failed is gone.
fn leaves_no_output(cluster: &Cluster<'_>, job: &Job, claim: &str) -> Told {
    if job.output.exists() {
        let output = text::read_output(&job.output, job.spec.partitions);
        let keys = output.ok().map(|table| table.len());
        return Err(inexact(
            cluster,
            job.manager,
            Fact::OutputOfFailedJob { keys },
            claim,
        )
        .into());
    }
    Ok(())
}
