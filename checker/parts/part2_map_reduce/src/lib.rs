//! Part 2, map reduce: its scenarios.
//!
//! Each is the story of one or two jobs on three or four nodes. The seed draws the node that manages
//! the jobs, the nodes that suffer, the texts, and the number of tasks. Each scenario compares the
//! output in full with an independent count. The input decides what a job does, and for how long: so a
//! scenario knows what is under way, however the learner's manager decides. The network does not show
//! what the manager's own node does; the given server `partitions` says what map tasks left there. After
//! that, `provenance` checks that the workers did the work that they reported.

mod delivery;
mod diagnosis;
mod distribute;
mod exploration;
mod fact;
mod failure;
mod further;
mod local;
mod messages;
mod missing;
mod netsplit;
mod progress;
mod provenance;
mod rules;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use batch::{Attempt, Experiment, JobId, JobStatus, PARTITIONS, PartitionsMsg, Product, Report};
use runtime::net::faults::{FrameSeen, Kind};
use runtime::wire;
use tokio::time::Instant;

use fact::Fact;
use messages::{Assignment, JobKind, JobSpec, LEASE, MANAGER, ManagerMsg, WorkerMsg};
use testkit::cluster::{Cluster, Explained, Mark, Unmet};
use testkit::part::Part;
use testkit::scenario::{DEADLINE, Scenario, Stop, Told};
use testkit::seed::Draw;
use testkit::verdict::Failure;
use text::{LINE, Table, Texts};

/// How long a job may take, whatever happens to it, before the checker takes it for hung.
const JOB_TIMEOUT: Duration = Duration::from_secs(15);

/// What follows from something that has happened already comes within this time.
const SOON: Duration = Duration::from_secs(5);

/// The nodes of most stories.
const ALL: &[&str] = &["n1", "n2", "n3"];

/// The partitions of most jobs.
const PARTITIONS_OF_A_JOB: usize = 4;

/// All that the checker knows of this part.
pub fn part() -> Part {
    Part::read(
        include_str!("../part.toml"),
        include_str!("../hints.md"),
        SCENARIOS,
        exploration::EXPLORATIONS,
        diagnosis::MISTAKES,
    )
}

/// The scenarios of part 2, in the order of its problems.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "part2-local-count",
        problem: 1,
        title: "the word count is exact",
        property: "A job counts words exactly, whatever bytes surround them, and writes each word to one output file.",
        deadline: DEADLINE,
        run: |cx| Box::pin(local::word_count_is_exact(cx)),
    },
    Scenario {
        id: "part2-local-index",
        problem: 1,
        title: "the index lists each file once",
        property: "An inverted index lists, for each word, the files that contain it, each file once and in order.",
        deadline: DEADLINE,
        run: |cx| Box::pin(local::index_lists_each_file_once(cx)),
    },
    Scenario {
        id: "part2-everyone",
        problem: 2,
        title: "every node takes part, even one that joins late",
        property: "Every worker node takes part in a job up to its last reduce task, even a node that joins during the job.",
        deadline: DEADLINE,
        run: |cx| Box::pin(distribute::every_node_takes_part(cx)),
    },
    Scenario {
        id: "part2-at-once",
        problem: 2,
        title: "an idle node gets its next task at once",
        property: "No node waits for the slowest one: a node that finishes a task gets its next one.",
        deadline: DEADLINE,
        run: |cx| Box::pin(distribute::idle_node_gets_its_next_task(cx)),
    },
    Scenario {
        id: "part2-fetched",
        problem: 2,
        title: "map output is fetched from the node that stores it",
        property: "Reduce tasks fetch what they need from the nodes where map tasks left it, and their files become the output.",
        deadline: DEADLINE,
        run: |cx| Box::pin(distribute::map_output_is_fetched(cx)),
    },
    Scenario {
        id: "part2-two-jobs",
        problem: 2,
        title: "two jobs at the same time are both done",
        property: "A manager that is given a second job while the first is being done completes both, and still knows both.",
        deadline: DEADLINE,
        run: |cx| Box::pin(distribute::two_jobs_at_the_same_time(cx)),
    },
    Scenario {
        id: "part2-worker-crash",
        problem: 3,
        title: "a worker that crashes is replaced, and its task is retried",
        property: "A worker that crashes costs its task one more attempt, and nothing else.",
        deadline: DEADLINE,
        run: |cx| Box::pin(failure::crashed_worker_is_replaced(cx)),
    },
    Scenario {
        id: "part2-dies-in-map",
        problem: 3,
        title: "a node that dies in the map phase does not stop the job",
        property: "The job computes again what it lost with a node, including map tasks that were done.",
        deadline: DEADLINE,
        run: |cx| Box::pin(failure::node_dies_in_map_phase(cx)),
    },
    Scenario {
        id: "part2-dies-in-shuffle",
        problem: 3,
        title: "a node that dies in the shuffle does not stop the job",
        property: "The job computes map output again when a node dies while others fetch from it.",
        deadline: DEADLINE,
        run: |cx| Box::pin(failure::node_dies_in_shuffle(cx)),
    },
    Scenario {
        id: "part2-dies-in-reduce",
        problem: 3,
        title: "a node that dies in the reduce phase does not stop the job",
        property: "A committed reduce task stays committed, and the job still completes the others.",
        deadline: DEADLINE,
        run: |cx| Box::pin(failure::node_dies_in_reduce_phase(cx)),
    },
    Scenario {
        id: "part2-crashes-thrice",
        problem: 3,
        title: "records that crash three times do not end the job",
        property: "A task that crashes only sometimes still completes.",
        deadline: DEADLINE,
        run: |cx| Box::pin(failure::records_crash_three_times(cx)),
    },
    Scenario {
        id: "part2-poison",
        problem: 3,
        title: "a record that crashes every time ends the job or is left out",
        property: "A record that always crashes its task is not retried forever: the manager ends the job with a clear error, or leaves the record out.",
        deadline: DEADLINE,
        run: |cx| Box::pin(failure::record_crashes_every_time(cx)),
    },
    Scenario {
        id: "part2-unreadable",
        problem: 3,
        title: "a task that fails every time ends the job",
        property: "A worker that reports a failure is healthy, and the manager does not forever retry a task that fails each time.",
        deadline: DEADLINE,
        run: |cx| Box::pin(failure::input_cannot_be_read(cx)),
    },
    Scenario {
        id: "part2-lost",
        problem: 4,
        title: "lost assignments and results do not stop the job",
        property: "The manager retries what was lost: work is done at least once.",
        deadline: DEADLINE,
        run: |cx| Box::pin(delivery::lost_messages(cx)),
    },
    Scenario {
        id: "part2-crashes-late",
        problem: 4,
        title: "a record that crashes after its lease ends the job or is left out",
        property: "An attempt whose lease has expired is still an attempt: its crash counts.",
        deadline: DEADLINE,
        run: |cx| Box::pin(failure::record_crashes_late(cx)),
    },
    Scenario {
        id: "part2-twice",
        problem: 4,
        title: "a message that arrives twice counts once",
        property: "Accepting a result is idempotent: every word counts once, however often a result arrives.",
        deadline: DEADLINE,
        run: |cx| Box::pin(delivery::doubled_messages(cx)),
    },
    Scenario {
        id: "part2-late",
        problem: 4,
        title: "a late result changes nothing",
        property: "Results that arrive late and out of order change nothing that is settled.",
        deadline: DEADLINE,
        run: |cx| Box::pin(delivery::late_results(cx)),
    },
    Scenario {
        id: "part2-earlier-job",
        problem: 4,
        title: "a result of an earlier job does not count for the next one",
        property: "A result counts for its own job only, even if the tasks of two jobs have the same numbers.",
        deadline: DEADLINE,
        run: |cx| Box::pin(delivery::result_of_an_earlier_job(cx)),
    },
    Scenario {
        id: "part2-ids",
        problem: 4,
        title: "job ids never repeat, even after the manager crashes",
        property: "No two jobs have the same id, whatever crashed between them.",
        deadline: DEADLINE,
        run: |cx| Box::pin(delivery::job_ids_never_repeat(cx)),
    },
    Scenario {
        id: "part2-cut-off",
        problem: 5,
        title: "a node that is cut off and comes back does not stop the job",
        property: "A node may be cut off, and may come back: the result is the same.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::node_is_cut_off(cx)),
    },
    Scenario {
        id: "part2-apart",
        problem: 5,
        title: "workers that cannot reach each other do not stop the job",
        property: "A job completes even if its workers cannot all reach each other.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::workers_are_apart(cx)),
    },
    Scenario {
        id: "part2-silent",
        problem: 5,
        title: "a silent node does not delay the job",
        property: "The manager limits how long it waits for each attempt, so a silent node does not stop it.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::node_is_silent(cx)),
    },
    Scenario {
        id: "part2-paused",
        problem: 5,
        title: "a paused node does not delay the job",
        property: "A straggler costs a job little more than one lease.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::node_is_paused(cx)),
    },
    Scenario {
        id: "part2-wakes",
        problem: 5,
        title: "a paused node that wakes up does not touch the output",
        property: "Committed output stays as it is when a node wakes up with an old task.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::paused_node_wakes_up(cx)),
    },
    Scenario {
        id: "part2-manager",
        problem: 6,
        title: "a restarted manager continues the job",
        property: "A restarted manager continues its job under the same id, from where the job was.",
        deadline: DEADLINE,
        run: |cx| Box::pin(further::manager_continues(cx)),
    },
    Scenario {
        id: "part2-combiner",
        problem: 7,
        title: "a combiner shrinks the shuffle and keeps the result",
        property: "A combiner that adds up where the words were found saves most of the traffic and changes no result.",
        deadline: DEADLINE,
        run: |cx| Box::pin(further::combiner_shrinks_the_shuffle(cx)),
    },
];

/// A job that was given to a node's manager, and what must come of it.
struct Job {
    id: JobId,
    manager: &'static str,
    spec: JobSpec,
    output: PathBuf,
    expected: Table,
    begun: Instant,
    /// Before it was given to the manager.
    since: Mark,
}

impl Job {
    /// Whether it is not finished: its output is not there.
    fn is_open(&self) -> bool {
        !self.output.exists()
    }
}

/// What a job counts, and how it is cut.
struct Plan<'a> {
    texts: &'a Texts,
    kind: JobKind,
    split_bytes: u64,
    partitions: usize,
    experiment: Option<Experiment>,
}

impl<'a> Plan<'a> {
    /// A word count whose map tasks take so many lines each, and whose tasks are slow.
    fn slow(texts: &'a Texts, lines: usize, map_ms: u64, reduce_ms: u64) -> Plan<'a> {
        Plan {
            texts,
            kind: JobKind::WordCount,
            split_bytes: (lines * LINE) as u64,
            partitions: PARTITIONS_OF_A_JOB,
            experiment: Some(Experiment { map_ms, reduce_ms }),
        }
    }

    /// The same with another number of partitions.
    fn partitions(self, partitions: usize) -> Plan<'a> {
        Plan { partitions, ..self }
    }

    fn spec(&self, output: &std::path::Path) -> JobSpec {
        JobSpec {
            kind: self.kind,
            input: self.texts.inputs.clone(),
            output: output.to_owned(),
            split_bytes: self.split_bytes,
            partitions: self.partitions,
            experiment: self.experiment,
        }
    }

    fn expected(&self) -> Table {
        match self.kind {
            JobKind::WordCount => self.texts.word_count(),
            JobKind::InvertedIndex => self.texts.index(),
        }
    }
}

/// A text for so many map tasks of four lines each.
fn slow_text(cluster: &Cluster<'_>, draw: &mut Draw, maps: u64) -> Result<Texts, Stop> {
    let name = text::file(draw);
    Ok(texts(cluster).with(&name, text::lines(draw, maps as usize * 4))?)
}

/// Where the texts of a scenario lie.
fn texts(cluster: &Cluster<'_>) -> Texts {
    Texts::in_folder(&cluster.context().shared().join("input"))
}

/// A place that is not taken yet. Its name means nothing, since the nodes read it.
fn place(cluster: &Cluster<'_>) -> Result<PathBuf, Stop> {
    let number = cluster.context().chance()?;
    Ok(cluster.context().shared().join(format!("{number:016x}")))
}

/// Gives a job to a node's manager, which answers its id.
async fn submit(
    cluster: &Cluster<'_>,
    manager: &'static str,
    plan: &Plan<'_>,
) -> Result<Job, Stop> {
    submit_to(cluster, manager, plan, place(cluster)?).await
}

/// The same, with a place for its output.
async fn submit_to(
    cluster: &Cluster<'_>,
    manager: &'static str,
    plan: &Plan<'_>,
    output: PathBuf,
) -> Result<Job, Stop> {
    // Counted first: the checker should be attentive while the job runs.
    let expected = plan.expected();
    let spec = plan.spec(&output);
    let (since, begun) = (cluster.mark(), Instant::now());
    let asked = cluster
        .call(manager, &MANAGER, |reply| {
            ManagerMsg::Submit(spec.clone(), reply)
        })
        .await;
    let answer = match asked {
        Ok(answer) => answer,
        Err(unanswered) => {
            cluster.written()?;
            return Err(unanswered.into());
        }
    };
    let id = answer.map_err(|why| {
        let expected =
            "the manager accepts the job: its input is there, and its output is not there yet";
        let manager_name = manager.to_owned();
        let fact = Fact::JobRefused {
            manager: manager_name,
            why,
        };
        fact.of(cluster, manager, expected)
    })?;
    Ok(Job {
        id,
        manager,
        spec,
        output,
        expected,
        begun,
        since,
    })
}

/// Waits until a job is done. If it does not become done in time, the tasks that it waits for are named.
async fn is_done(cluster: &Cluster<'_>, job: &Job, within: Duration) -> Told {
    let (manager, mut looks, mut progress) = (job.manager, 0_u32, None);
    let name = || manager.to_owned();
    let expected = "the job completes";
    let wait = cluster.eventually(within, expected, async || {
        looks += 1;
        if looks.is_multiple_of(16) {
            cluster.written()?;
        }
        let in_part = output_in_part(job);
        let status = status(cluster, job).await?;
        progress = match &status {
            JobStatus::Running(at) => Some(*at),
            _ => None,
        };
        match status {
            JobStatus::Done(_) => Ok(()),
            JobStatus::Failed(why) => {
                let fact = Fact::JobGivenUp {
                    manager: name(),
                    why,
                };
                Err(Unmet::Never(fact.of(cluster, manager, expected).into()))
            }
            JobStatus::Running(at) => {
                if let Some(fact) = in_part {
                    let expected = "the output appears in one step, when each partition has been committed";
                    let failure = fact.of(cluster, manager, expected).because(
                        "A program that waits for the folder begins to read when it appears. It must not read half a result.",
                    );
                    return Err(Unmet::Never(failure.into()));
                }
                let fact = Fact::JobNotDone {
                    maps_done: at.maps_done,
                    maps: at.maps,
                    reduces_done: at.reduces_done,
                    reduces: at.reduces,
                };
                Err(fact.unmet(manager))
            }
            JobStatus::Unknown => Err(Fact::JobUnknown { manager: name() }.unmet(manager)),
        }
    });
    let mut told = wait.await;
    if let (Err(_), Some(at)) = (&told, progress) {
        for known in missing::tasks(cluster, job, at).await {
            told = told.evidence(known);
        }
    }
    told
}

/// What can be seen of an output of which some files are there and some are not.
fn output_in_part(job: &Job) -> Option<Fact> {
    let files = std::fs::read_dir(&job.output).ok()?.count();
    let partitions = job.spec.partitions;
    (files < partitions).then_some(Fact::OutputInPart { files, partitions })
}

async fn status(
    cluster: &Cluster<'_>,
    job: &Job,
) -> Result<JobStatus, testkit::cluster::Unanswered> {
    let id = job.id.clone();
    cluster
        .call(job.manager, &MANAGER, |reply| ManagerMsg::Status(id, reply))
        .await
}

/// Waits until a job is done, and compares its output in full.
async fn is_exact(cluster: &Cluster<'_>, job: &Job, claim: &str) -> Told {
    is_done(cluster, job, JOB_TIMEOUT).await?;
    output_is_exact(cluster, job, claim)
}

/// States that the manager still reports a job that has ended as done.
async fn is_still_known(cluster: &Cluster<'_>, job: &Job) -> Told {
    let manager = job.manager.to_owned();
    let fact = match status(cluster, job).await? {
        JobStatus::Done(_) => return Ok(()),
        JobStatus::Unknown => Fact::JobUnknown { manager },
        other => {
            let status = format!("{other:?}");
            Fact::JobNoLongerDone { manager, status }
        }
    };
    Err(fact
        .of(
            cluster,
            job.manager,
            "the manager still knows each job that has ended",
        )
        .because("A client may ask for its job long after the end, and after other jobs.")
        .into())
}

/// Compares the output of a job that is done.
fn output_is_exact(cluster: &Cluster<'_>, job: &Job, claim: &str) -> Told {
    let wrong = match text::read_output(&job.output, job.spec.partitions) {
        Ok(table) => text::difference(&table, &job.expected),
        Err(why) => Some(why),
    };
    match wrong {
        None => Ok(()),
        Some(wrong) => Err(inexact(cluster, job.manager, wrong, claim).into()),
    }
}

fn inexact(cluster: &Cluster<'_>, node: &str, wrong: Fact, claim: &str) -> Failure {
    let expected =
        format!("{claim}: the output is exactly what one count of the whole input gives");
    wrong.of(cluster, node, expected).because(
        "No reader checks the result of a large job by hand. A result that is nearly right is worse than none.",
    )
}

/// A file of an output that has none of many keys.
fn empty_partition(output: &std::path::Path, partitions: usize, keys: usize) -> Option<Fact> {
    /// With so many keys a partition is empty only if the keys are not spread.
    const MANY: usize = 200;
    let is_empty =
        |part: &String| std::fs::metadata(output.join(part)).is_ok_and(|file| file.len() == 0);
    let empty = (0..partitions).map(batch::output::part).find(is_empty);
    let file = empty.filter(|_| keys > MANY)?;
    Some(Fact::EmptyPartition { file, keys })
}

/// A message `Finished` that was seen.
struct Answered {
    from: String,
    attempt: Attempt,
    product: Product,
    clock: u64,
}

/// The results that a job's manager received since a moment.
fn results(cluster: &Cluster<'_>, job: &Job, since: Mark) -> Vec<Answered> {
    results_for(cluster, job.manager, since)
}

/// The results that a node's manager received since a moment.
fn results_for(cluster: &Cluster<'_>, manager: &str, since: Mark) -> Vec<Answered> {
    let frames = cluster
        .since(since)
        .messages("Finished")
        .to(manager)
        .delivered();
    frames
        .iter()
        .filter_map(|(_, frame)| {
            let (attempt, product) = finished(cluster, frame)?;
            Some(Answered {
                from: frame.from.short().to_owned(),
                attempt,
                product,
                clock: frame.clock,
            })
        })
        .collect()
}

fn finished(cluster: &Cluster<'_>, frame: &FrameSeen) -> Option<(Attempt, Product)> {
    let payload = cluster.payload(frame)?;
    match wire::decode::<ManagerMsg>(&payload) {
        Ok(ManagerMsg::Finished {
            attempt, product, ..
        }) => Some((attempt, product)),
        _ => None,
    }
}

/// The assignments that a job's manager sent since a moment, each with its receiver and the
/// sender's clock.
fn assignments(cluster: &Cluster<'_>, job: &Job, since: Mark) -> Vec<(String, Assignment, u64)> {
    assignments_by(cluster, job.manager, since)
}

/// The assignments that a node's manager sent since a moment.
fn assignments_by(
    cluster: &Cluster<'_>,
    manager: &str,
    since: Mark,
) -> Vec<(String, Assignment, u64)> {
    let frames = cluster
        .since(since)
        .messages("Assign")
        .from(manager)
        .delivered();
    frames
        .iter()
        .filter_map(|(_, frame)| {
            let payload = cluster.payload(frame)?;
            let WorkerMsg::Assign(assignment) = wire::decode(&payload).ok()?;
            Some((frame.to.short().to_owned(), assignment, frame.clock))
        })
        .collect()
}

/// Waits until so many results of map tasks (or of reduce tasks) have come from a node.
async fn has_finished(
    cluster: &Cluster<'_>,
    job: &Job,
    node: &str,
    maps: bool,
    count: usize,
    since: Mark,
) -> Told {
    let kind = if maps { "map" } else { "reduce" };
    let expected = format!(
        "every worker node finishes some of many slow tasks: {node} finishes {count} {kind} tasks"
    );
    cluster
        .eventually(SOON, expected, async || {
            let seen = results(cluster, job, since);
            let own = seen.iter().filter(|result| {
                result.from == node
                    && result.attempt.job == job.id
                    && messages::is_map(result.attempt.task) == maps
            });
            let own = own.count();
            if own >= count {
                return Ok(());
            }
            cluster.written()?;
            as_given(cluster)?;
            let fact = Fact::TooFewResults {
                node: node.to_owned(),
                kind: kind.to_owned(),
                results: own,
            };
            Err(fact.unmet(node))
        })
        .await
}

/// States that managers and workers send each other the messages that protocol.rs gave.
fn as_given(cluster: &Cluster<'_>) -> Told {
    for variant in ["Assign", "Finished"] {
        let frames = cluster.frames().messages(variant);
        for (_, frame) in frames.iter() {
            let Some(payload) = cluster.payload(frame) else {
                continue;
            };
            let understood = match variant {
                "Assign" => wire::decode::<WorkerMsg>(&payload).map(drop),
                _ => wire::decode::<ManagerMsg>(&payload).map(drop),
            };
            if let Err(why) = understood {
                let from = frame.from.short();
                let fact = Fact::UnknownMessage {
                    node: from.to_owned(),
                    message: variant.to_owned(),
                    why: why.to_string(),
                };
                let expected = format!("`{variant}` is unchanged");
                return Err(fact
                    .of(cluster, from, expected)
                    .because(
                        "The nodes of a cluster are not all built on the same day. Each must understand what the others send.",
                    )
                    .into());
            }
        }
    }
    Ok(())
}

/// What map tasks have left on each running node.
async fn reports(cluster: &Cluster<'_>) -> Result<BTreeMap<String, Report>, Stop> {
    let mut reports = BTreeMap::new();
    for node in cluster.running() {
        let report = cluster
            .call(&node, &PARTITIONS, PartitionsMsg::Report)
            .await?;
        reports.insert(node, report);
    }
    Ok(reports)
}

/// The map tasks of a job of which some running node has an output.
async fn maps_kept(cluster: &Cluster<'_>, job: &Job) -> Result<BTreeSet<usize>, Stop> {
    let reports = reports(cluster).await?;
    let kept = reports.values().flat_map(|report| &report.kept);
    Ok(maps_of(job, kept))
}

/// The map tasks of a job whose output lies where it was made: on a running node that reported the
/// attempt itself, or on the manager's own node, whose reports the network does not show.
async fn maps_made(cluster: &Cluster<'_>, job: &Job, begun: Mark) -> Result<BTreeSet<usize>, Stop> {
    let made_by: BTreeMap<Attempt, String> = results(cluster, job, begun)
        .into_iter()
        .map(|result| (result.attempt, result.from))
        .collect();
    let reports = reports(cluster).await?;
    let kept = reports.iter().flat_map(|(node, report)| {
        let kept = report.kept.iter();
        kept.map(move |attempt| (node.as_str(), attempt))
    });
    let made = kept.filter(|(node, attempt)| {
        let maker = made_by.get(attempt).map_or(job.manager, String::as_str);
        maker == *node
    });
    let made = made.map(|(_, attempt)| attempt);
    Ok(maps_of(job, made))
}

fn maps_of<'a>(job: &Job, kept: impl Iterator<Item = &'a Attempt>) -> BTreeSet<usize> {
    kept.filter(|attempt| attempt.job == job.id)
        .filter_map(|attempt| messages::map_number(attempt.task))
        .collect()
}

/// States that the job computed again what it lost with a node from which no other node had fetched: a
/// running node has the output of each map task, and made it.
async fn is_computed_again(
    cluster: &Cluster<'_>,
    job: &Job,
    maps: u64,
    gone: &str,
    begun: Mark,
) -> Told {
    let answers = cluster.frames().from(gone).kind(Kind::Answer);
    let got = answers
        .delivered()
        .filter(|frame| frame.message.as_deref() == Some("Fetch"));
    if !got.is_empty() {
        return Ok(());
    }
    let made = maps_made(cluster, job, begun).await?;
    let Some(lacking) = (0..maps as usize).find(|map| !made.contains(map)) else {
        return Ok(());
    };
    let fact = Fact::NotComputedAgain {
        map: lacking,
        gone: gone.to_owned(),
    };
    let expected = format!("the job computes again what it lost with {gone}");
    Err(fact
        .of(cluster, job.manager, expected)
        .because(
            "The output of a map task is stored on one node, and no other node had fetched it. Here the nodes run on one \
             machine, where a folder can outlive its node; on separate machines, the disk is lost with the node.",
        )
        .into())
}

/// Files of an output, with all that changes when a program touches them.
type Footprint = BTreeMap<String, (u64, std::time::SystemTime, Vec<u8>)>;

fn footprint(job: &Job) -> Footprint {
    footprint_of(&job.output)
}

fn footprint_of(output: &std::path::Path) -> Footprint {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(output).into_iter().flatten();
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let metadata = entry.metadata().ok()?;
            let content = std::fs::read(entry.path()).ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((name, (metadata.ino(), metadata.modified().ok()?, content)))
        })
        .collect()
}

/// States that no program has touched the output since.
fn is_untouched(cluster: &Cluster<'_>, job: &Job, before: &Footprint, claim: &str) -> Told {
    let after = footprint(job);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    match names
        .into_iter()
        .find(|name| before.get(*name) != after.get(*name))
    {
        None => Ok(()),
        Some(name) => {
            let fact = Fact::FileWrittenAgain { file: name.clone() };
            let expected = format!("{claim}: the output stays as it was");
            Err(fact
                .of(cluster, job.manager, expected)
                .because(
                    "A client that knows that a job is done begins to read. What a late attempt writes must not appear \
                     in a settled result.",
                )
                .into())
        }
    }
}
