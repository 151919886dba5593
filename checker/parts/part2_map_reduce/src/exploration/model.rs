//! What was asked in a story of part 2, and what may have come of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use batch::{JobId, JobStatus, LocalMsg, OutputFolder};
use tokio::time::{Instant, sleep};

use super::input::{File, Given};
use super::{Do, Level};
use crate::delivery::is_there;
use crate::fact::Fact;
use crate::messages::{JobKind, JobSpec, LEASE, LOCAL, MANAGER, MAX_CRASHES, ManagerMsg, WORKERS};
use crate::text::{self, Table, Texts};
use crate::{Footprint, assignments_by, footprint_of, inexact, results_for};
use testkit::cluster::{Cluster, Explained, Mark, Standing, Unanswered};
use testkit::exploration::{Fault, Model};
use testkit::scenario::{Stop, Story, Told};

/// How long a node alone may take for a job, on a busy machine.
const ALONE: Duration = Duration::from_secs(60);

/// How long a manager may take to answer: it may be waiting for a node that does not.
const ANSWERED: Duration = Duration::from_secs(20);

/// How long a question waits whose answer is not needed at once.
const GLANCE: Duration = Duration::from_millis(300);

/// How often an open job's output is looked at, and its manager asked.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS_PER_QUESTION: u32 = 10;

/// How long a job may go on once nothing is in its way, beside what its tasks take one after the other.
const HANGS: Duration = Duration::from_secs(40);

/// How long a job may take, beside what its tasks take while all workers are busy, and for each task.
const OVERHEAD: Duration = Duration::from_secs(1);
const OVERHEAD_PER_TASK: Duration = Duration::from_millis(5);
const OVERHEAD_PER_TASK_WHEN_BUSY: Duration = Duration::from_millis(25);

/// Breaks within this time are one break.
const ONE_BREAK: Duration = Duration::from_millis(500);

/// After this time, nothing that was broken still keeps a worker busy.
const SETTLED: Duration = Duration::from_secs(3);

/// After this time, a supervisor no longer holds earlier crashes against a server.
const CRASHES_FORGOTTEN: Duration = Duration::from_secs(6);

/// The place of an output that no drawn job has.
const MAX_PLACE: u64 = 99;

const EXACT: &str = "the result is exact";

/// The model: it hears of everything that the story does.
pub(super) struct Jobs {
    level: Level,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    /// When something was last done to a node or its servers.
    touched: BTreeMap<String, Instant>,
    /// When something was last broken or mended, if anything was.
    disturbed: Option<Instant>,
    /// The pairs that were kept apart, and the nodes that were paused, with the moment.
    breaks: Vec<(Instant, BTreeSet<String>)>,
    /// Whether anything else was broken.
    has_other_breaks: bool,
    /// When a task may have crashed because something was broken, and how often.
    crashes: Vec<(Instant, u64)>,
    /// The ids that any manager has given.
    ids: Vec<JobId>,
}

/// A job that was given to a manager.
struct Job {
    manager: String,
    /// The number of its output.
    place: u64,
    given: Given,
    inputs: Vec<PathBuf>,
    output: PathBuf,
    /// Whether its output was removed, to make room for another.
    is_removed: bool,
    expected: Table,
    begun: Instant,
    /// Its id, once the manager has answered.
    id: Option<JobId>,
    stands: Stands,
    /// When that was known to be its end.
    ended: Option<Instant>,
    /// Whether its input vanished before it ended.
    lacks_input: bool,
    /// Its output as it was first seen.
    shown: Option<Footprint>,
}

/// How a job stands, as far as it is known.
#[derive(Clone, PartialEq)]
enum Stands {
    Open,
    Done,
    Failed,
    /// Its manager was lost, or never answered: it may come to an end, and no one must know of it.
    Lost,
}

impl Jobs {
    pub(super) fn of(level: Level) -> Jobs {
        Jobs {
            level,
            state: RefCell::default(),
        }
    }

    /// A node does a job alone.
    async fn alone(&self, cluster: &Cluster<'_>, node: &str, given: &Given) -> Told {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(());
        }
        let (texts, output) = prepare(cluster, given)?;
        let spec = spec(given, &texts, output.clone());
        let asked = cluster
            .call_within(ALONE, node, &LOCAL, |reply| LocalMsg::Run(spec, reply))
            .await;
        let done = match asked {
            Ok(done) => done,
            Err(unanswered) => {
                cluster.written()?;
                let fact = Fact::JobUnanswered {
                    node: node.to_owned(),
                };
                return Err(Stop::from(unanswered)).fact(&fact);
            }
        };
        if let Err(why) = done {
            let fact = Fact::LocalJobFailed {
                node: node.to_owned(),
                why,
            };
            return Err(fact.of(cluster, node, EXACT).into());
        }
        is_exact(cluster, node, given, &output, &expected(given, &texts))
    }

    /// A manager is given a job, and the job is watched until it ends, or cannot be watched any more.
    async fn submit(
        &self,
        cluster: &Cluster<'_>,
        manager: &str,
        place: u64,
        given: &Given,
    ) -> Told {
        let output = cluster.context().shared().join(format!("out-{place}"));
        if cluster.standing(manager) != Some(Standing::Running)
            || !self.state.borrow().is_free(place)
        {
            return Ok(());
        }
        for job in self
            .state
            .borrow_mut()
            .jobs
            .iter_mut()
            .filter(|job| job.place == place)
        {
            job.is_removed = true;
        }
        let _ = std::fs::remove_dir_all(&output);
        let (texts, _) = prepare(cluster, given)?;
        let spec = spec(given, &texts, output.clone());
        let begun = Instant::now();
        let job = {
            let mut state = self.state.borrow_mut();
            state.jobs.push(Job {
                manager: manager.to_owned(),
                place,
                given: given.clone(),
                inputs: texts
                    .inputs
                    .iter()
                    .map(|input| input.path.clone())
                    .collect(),
                output,
                is_removed: false,
                expected: expected(given, &texts),
                begun,
                id: None,
                stands: Stands::Open,
                ended: None,
                lacks_input: false,
                shown: None,
            });
            state.jobs.len() - 1
        };
        let asked = cluster
            .call_within(ANSWERED, manager, &MANAGER, |reply| {
                ManagerMsg::Submit(spec, reply)
            })
            .await;
        match asked {
            Ok(Ok(id)) => self.accepted(cluster, job, id)?,
            Ok(Err(why)) => {
                let expected = "the manager accepts the job: its input is there, and its output is not there yet";
                let fact = Fact::JobRefused {
                    manager: manager.to_owned(),
                    why,
                };
                return Err(fact.of(cluster, manager, expected).into());
            }
            Err(unanswered) => {
                cluster.written()?;
                self.state.borrow_mut().jobs[job].stands = Stands::Lost;
                if !self.state.borrow().was_touched(manager, begun) {
                    let fact = Fact::JobUnanswered {
                        node: manager.to_owned(),
                    };
                    return Err(Stop::from(unanswered)).fact(&fact);
                }
            }
        }
        self.watch(cluster, job).await
    }

    fn accepted(&self, cluster: &Cluster<'_>, job: usize, id: JobId) -> Told {
        let mut state = self.state.borrow_mut();
        let manager = state.jobs[job].manager.clone();
        if let Some(first) = state.ids.iter().position(|other| *other == id) {
            let fact = Fact::SameJobId {
                first: first + 1,
                second: state.ids.len() + 1,
                id: id.to_string(),
                after: None,
            };
            let failure = fact.of(
                cluster,
                &manager,
                "no two jobs have the same id, whatever happened between them",
            );
            return Err(failure
                .because("The manager would mistake a late message about the first job for one about the second.")
                .into());
        }
        state.ids.push(id.clone());
        state.jobs[job].id = Some(id);
        Ok(())
    }

    /// Looks at a job again and again, so that an output which is shown in parts is seen.
    async fn watch(&self, cluster: &Cluster<'_>, job: usize) -> Told {
        for look in 1.. {
            {
                let state = self.state.borrow();
                let watched = &state.jobs[job];
                if watched.stands != Stands::Open || state.hangs(watched) {
                    break;
                }
            }
            sleep(LOOK).await;
            self.look_at_output(cluster, job)?;
            if look % LOOKS_PER_QUESTION == 0 {
                self.ask(cluster, job, GLANCE).await?;
                self.is_in_time(cluster, job)?;
            }
        }
        self.look_at_output(cluster, job)
    }

    /// Asks for the status of a job, and compares it with what is known. No answer is no news.
    async fn ask(&self, cluster: &Cluster<'_>, job: usize, within: Duration) -> Result<bool, Stop> {
        let (manager, id) = {
            let state = self.state.borrow();
            let asked = &state.jobs[job];
            match (&asked.id, &asked.stands) {
                (_, Stands::Lost) | (None, _) => return Ok(true),
                (Some(id), _) => (asked.manager.clone(), id.clone()),
            }
        };
        if cluster.standing(&manager) != Some(Standing::Running) {
            return Ok(false);
        }
        let begun = Instant::now();
        let asked = cluster
            .call_within(within, &manager, &MANAGER, |reply| {
                ManagerMsg::Status(id, reply)
            })
            .await;
        let status = match asked {
            Ok(status) => status,
            Err(unanswered) => {
                not_written(unanswered)?;
                return Ok(false);
            }
        };
        if self.state.borrow().was_touched(&manager, begun) {
            return Ok(false);
        }
        self.judge(cluster, job, status)?;
        Ok(true)
    }

    fn judge(&self, cluster: &Cluster<'_>, job: usize, status: JobStatus) -> Told {
        let mut state = self.state.borrow_mut();
        let by_faults = state.crashes_since(state.jobs[job].begun);
        let job = &mut state.jobs[job];
        let manager = job.manager.clone();
        let stands = match &status {
            JobStatus::Running(_) => Stands::Open,
            JobStatus::Done(_) => Stands::Done,
            JobStatus::Failed(_) => Stands::Failed,
            JobStatus::Unknown => {
                let expected =
                    "the manager knows each job that it has accepted, even after the job has ended";
                return Err(Fact::JobUnknown {
                    manager: manager.clone(),
                }
                .of(cluster, &manager, expected)
                .into());
            }
        };
        if stands == Stands::Open && job.stands == Stands::Open {
            return Ok(());
        }
        if job.stands != Stands::Open && job.stands != stands {
            let before = if job.stands == Stands::Done {
                "done"
            } else {
                "failed"
            };
            let fact = Fact::JobChangedItsEnd {
                manager: manager.clone(),
                before: before.to_owned(),
                status: in_words(&status).to_owned(),
            };
            return Err(fact
                .of(cluster, &manager, "the end of a job is final")
                .because("A client that was told how its job ended does not ask again.")
                .into());
        }
        job.stands = stands;
        job.ended = Some(Instant::now());
        match status {
            JobStatus::Done(_) if !job.is_removed && !job.output.exists() => {
                let fact = Fact::OutputUnreadable {
                    why: "there is no output folder".to_owned(),
                };
                Err(inexact(cluster, &manager, fact, EXACT).into())
            }
            JobStatus::Failed(why) => {
                let by_records = job.given.crashes();
                if by_records.saturating_add(by_faults) < MAX_CRASHES && !job.lacks_input {
                    let expected = format!(
                        "a job fails only when one of its tasks has crashed {MAX_CRASHES} times"
                    );
                    let fact = Fact::JobGivenUp {
                        manager: manager.clone(),
                        why,
                    };
                    return Err(fact
                        .of(cluster, &manager, expected)
                        .because("Many failures do not happen again, and the loss of a node or of a message says nothing about a task.")
                        .into());
                }
                let names_file = job.given.files.iter().any(|file| {
                    (job.lacks_input || file.text.contains("@panic")) && why.contains(&file.name)
                });
                if by_faults == 0 && !names_file {
                    return Err(Fact::ErrorWithoutSplit { why }
                        .of(cluster, &manager, "the error names the split, with the name of its file")
                        .because("There may be ten thousand splits. The error must say which of them to look into.")
                        .into());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An output is not there, or it is complete and exact, and stays as it is.
    fn look_at_output(&self, cluster: &Cluster<'_>, job: usize) -> Told {
        let mut state = self.state.borrow_mut();
        let job = &mut state.jobs[job];
        if job.is_removed {
            return Ok(());
        }
        if !job.output.exists() {
            return match job.shown {
                None => Ok(()),
                Some(_) => Err(Fact::OutputGone
                    .of(cluster, &job.manager, "an output that was shown stays")
                    .into()),
            };
        }
        if job.stands == Stands::Failed {
            let keys = text::read_output(&job.output, job.given.partitions)
                .ok()
                .map(|table| table.len());
            return Err(inexact(
                cluster,
                &job.manager,
                Fact::OutputOfFailedJob { keys },
                "a job that failed leaves no output",
            )
            .into());
        }
        let seen = footprint_of(&job.output);
        match &job.shown {
            Some(before) if *before == seen => Ok(()),
            Some(before) => {
                let names = before.keys().chain(seen.keys());
                let changed = names
                    .into_iter()
                    .find(|name| before.get(*name) != seen.get(*name));
                let fact = Fact::FileChanged {
                    file: changed.cloned().unwrap_or_default(),
                };
                Err(fact
                    .of(
                        cluster,
                        &job.manager,
                        "an output that was shown stays as it is",
                    )
                    .because("A program that waits for the folder begins to read when it appears.")
                    .into())
            }
            None => {
                is_exact(cluster, &job.manager, &job.given, &job.output, &job.expected).because(
                    "The output appears in one step, complete. A program that waits for the folder begins to read at that moment.",
                )?;
                job.shown = Some(seen);
                Ok(())
            }
        }
    }

    /// A job that nothing disturbs ends in the time that busy workers take, and a job under which one
    /// thing breaks in three times that time and a lease.
    fn is_in_time(&self, cluster: &Cluster<'_>, job: usize) -> Told {
        let state = self.state.borrow();
        let late = &state.jobs[job];
        let breaks_once = state.breaks_once(&late.manager);
        if late.stands != Stands::Open || !state.is_undisturbed(late) && !breaks_once {
            return Ok(());
        }
        let nodes = match breaks_once {
            true => cluster.everyone(),
            false => cluster.running(),
        };
        let workers = nodes.len().saturating_sub(1);
        if breaks_once && workers < 2 {
            return Ok(());
        }
        let at_the_same_time = state
            .jobs
            .iter()
            .filter(|other| other.ended.is_none_or(|ended| ended >= late.begun));
        let per_task = cluster
            .context()
            .limit(OVERHEAD_PER_TASK, OVERHEAD_PER_TASK_WHEN_BUSY);
        let undisturbed: Duration = at_the_same_time
            .map(|other| limit(&other.given, workers, per_task))
            .sum();
        let limit = match breaks_once {
            true => 3 * undisturbed + LEASE,
            false => undisturbed,
        };
        let took = late.begun.elapsed();
        if workers == 0 || took <= limit {
            return Ok(());
        }
        let (manager, took_ms, limit_ms) = (
            late.manager.clone(),
            took.as_millis() as u64,
            limit.as_millis() as u64,
        );
        let (expected, why) = match breaks_once {
            true => (
                format!(
                    "the job takes at most {limit_ms} ms, three times its undisturbed duration plus one lease"
                ),
                "One fault was active: two workers could not reach each other, or no node could reach one of them. The manager may lose time once, when it learns of the fault, and not for each task again.",
            ),
            false => (
                format!(
                    "with {workers} other nodes that are always busy, the job takes at most {limit_ms} ms"
                ),
                "No fault was active. A node that finishes a task gets its next one while others are busy.",
            ),
        };
        Err(Fact::JobSlow {
            manager: manager.clone(),
            took_ms,
            limit_ms,
        }
        .of(cluster, &manager, expected)
        .because(why)
        .into())
    }

    /// States that each job whose manager lives comes to an end.
    async fn all_end(&self, cluster: &Cluster<'_>) -> Told {
        let count = self.state.borrow().jobs.len();
        for job in 0..count {
            let begun = Instant::now();
            let (manager, serial) = {
                let state = self.state.borrow();
                (
                    state.jobs[job].manager.clone(),
                    state
                        .jobs
                        .iter()
                        .map(|job| job.given.longest(1))
                        .sum::<Duration>(),
                )
            };
            loop {
                let is_over = self.state.borrow().jobs[job].stands != Stands::Open;
                if is_over || cluster.running().len() < 2 {
                    break;
                }
                let answered = self.ask(cluster, job, ANSWERED).await?;
                self.look_at_output(cluster, job)?;
                if begun.elapsed() > HANGS + 3 * serial {
                    cluster.written()?;
                    let fact = match answered {
                        true => Fact::JobHangs {
                            manager: manager.clone(),
                        },
                        false => Fact::JobUnanswered {
                            node: manager.clone(),
                        },
                    };
                    return Err(fact
                        .of(
                            cluster,
                            &manager,
                            "every job ends once all faults have ended",
                        )
                        .because(
                            "A client waits for its job. If work was lost, or given to no worker, the manager must notice that.",
                        )
                        .into());
                }
                sleep(LOOK * LOOKS_PER_QUESTION).await;
            }
        }
        Ok(())
    }

    /// The manager crashes once more, when all its jobs have ended, and must still know them.
    async fn crash_again(&self, cluster: &Cluster<'_>, manager: &str) -> Told {
        sleep(CRASHES_FORGOTTEN).await;
        cluster.step(format!(
            "All jobs have ended. {manager}'s manager crashes, and its supervisor restarts it."
        ));
        cluster.crash(manager, &MANAGER).await?;
        is_there(cluster, manager).await?;
        self.look(cluster).await?;
        sleep(SETTLED).await;
        Ok(())
    }

    /// One more job, which nothing disturbs: nothing that happened before may be in its way.
    async fn last_job(&self, cluster: &Cluster<'_>, manager: &str) -> Told {
        let running = cluster.running();
        let text: String = (0..4 * running.len())
            .map(|line| format!("{}\n", text::word(line % 5)))
            .collect();
        let given = Given {
            kind: JobKind::WordCount,
            files: vec![File::once("a", text)],
            split_bytes: 1,
            partitions: 2,
            map_ms: 200,
            reduce_ms: 100,
        };
        // The place of an earlier job, if there is one that may be removed.
        let place = {
            let state = self.state.borrow();
            let mut places = state.jobs.iter().map(|job| job.place);
            places
                .find(|place| state.is_free(*place))
                .unwrap_or(MAX_PLACE)
        };
        cluster.step(format!(
            "{manager} is given a last job while no fault is active: {} map tasks of 200 ms, and the output folder `out-{place}`.",
            given.maps()
        ));
        let over: BTreeSet<JobId> = {
            let state = self.state.borrow();
            let over = state.jobs.iter().filter(|job| job.ended.is_some());
            over.filter_map(|job| job.id.clone()).collect()
        };
        let since = cluster.mark();
        self.submit(cluster, manager, place, &given).await?;
        self.all_end(cluster).await?;
        let id = self
            .state
            .borrow()
            .jobs
            .last()
            .and_then(|job| job.id.clone());
        // A job whose manager crashed may still go on, and keep workers busy.
        let all_are_over = self
            .state
            .borrow()
            .jobs
            .iter()
            .all(|job| job.stands != Stands::Lost);
        let workers = running
            .iter()
            .filter(|node| *node != manager && all_are_over);
        for node in workers {
            let took_part = results_for(cluster, manager, since)
                .iter()
                .any(|result| result.from == *node && Some(&result.attempt.job) == id.as_ref());
            if !took_part {
                let expected = "every worker node finishes at least one task of a slow job";
                return Err(Fact::NoResultFrom { node: node.clone() }
                    .of(cluster, node, expected)
                    .because("The node runs and is connected. A job takes longer than it must when a node has nothing to do while tasks wait.")
                    .into());
            }
        }
        for (node, assignment, _) in assignments_by(cluster, manager, since) {
            if over.contains(&assignment.attempt.job) {
                let fact = Fact::AssignedAfterEnd {
                    manager: manager.to_owned(),
                    node,
                    task: assignment.attempt.task.to_string(),
                };
                return Err(fact
                    .of(
                        cluster,
                        manager,
                        "a job that has ended keeps no worker busy",
                    )
                    .because("Its tasks delay those of the next job.")
                    .into());
            }
        }
        Ok(())
    }

    /// Nothing but outputs is left of the jobs that have ended.
    fn nothing_is_left(&self, cluster: &Cluster<'_>) -> Told {
        let state = self.state.borrow();
        for job in state
            .jobs
            .iter()
            .filter(|job| matches!(job.stands, Stands::Done | Stands::Failed))
        {
            let Some(id) = &job.id else { continue };
            let attempts = OutputFolder::new(&job.output, id).attempts();
            if let Some(partial) = attempts.parent().filter(|partial| partial.exists()) {
                let folder = partial
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned());
                let fact = Fact::PartialLeft {
                    folder: folder.unwrap_or_default(),
                };
                return Err(fact
                    .of(
                        cluster,
                        &job.manager,
                        "a job that has ended leaves nothing but its output",
                    )
                    .into());
            }
        }
        Ok(())
    }
}

/// How long a job takes at most while so many workers are busy with it.
fn limit(given: &Given, workers: usize, per_task: Duration) -> Duration {
    let tasks = (given.maps() + given.partitions) as u32;
    given.longest(workers) + OVERHEAD + per_task * tasks
}

/// Writes the input of a job, to a place of its own, and names a place for an output.
fn prepare(cluster: &Cluster<'_>, given: &Given) -> Result<(Texts, PathBuf), Stop> {
    let number = cluster.context().chance()?;
    let folder = cluster.context().shared().join(format!("in-{number:016x}"));
    let texts = given.write(Texts::in_folder(&folder), &folder)?;
    Ok((texts, folder.join("out")))
}

fn spec(given: &Given, texts: &Texts, output: PathBuf) -> JobSpec {
    JobSpec {
        kind: given.kind,
        input: texts.inputs.clone(),
        output,
        split_bytes: given.split_bytes,
        partitions: given.partitions,
        experiment: given.experiment(),
    }
}

fn expected(given: &Given, texts: &Texts) -> Table {
    match given.kind {
        JobKind::WordCount => texts.word_count(),
        JobKind::InvertedIndex => texts.index(),
    }
}

fn is_exact(
    cluster: &Cluster<'_>,
    node: &str,
    given: &Given,
    output: &std::path::Path,
    expected: &Table,
) -> Told {
    let table = match text::read_output(output, given.partitions) {
        Ok(table) => table,
        Err(wrong) => return Err(inexact(cluster, node, wrong, EXACT).into()),
    };
    if let Some(wrong) = text::difference(&table, expected) {
        return Err(inexact(cluster, node, wrong, EXACT).into());
    }
    match crate::empty_partition(output, given.partitions, table.len()) {
        Some(fact) => Err(fact
            .of(cluster, node, format!("keys are spread over all {} partitions", given.partitions))
            .because("One node reduces each partition. If one partition has all keys, one node does all the work.")
            .into()),
        None => Ok(()),
    }
}

/// How a job stands, in a word or two.
fn in_words(status: &JobStatus) -> &'static str {
    match status {
        JobStatus::Unknown => "unknown",
        JobStatus::Running(_) => "still running",
        JobStatus::Done(_) => "done",
        JobStatus::Failed(_) => "failed",
    }
}

/// Passes on that the code came to a gap; anything else that is not answered is no news here.
fn not_written(unanswered: Unanswered) -> Told {
    match Stop::from(unanswered) {
        stop @ Stop::NotWritten(_) => Err(stop),
        _ => Ok(()),
    }
}

impl Model for Jobs {
    type Operation = Do;

    fn perform<'a>(&'a self, cluster: &'a Cluster<'_>, operation: &'a Do) -> Story<'a> {
        Box::pin(async move {
            match operation {
                Do::Alone { node, job } => self.alone(cluster, node, job).await,
                Do::Submit { node, output, job } => self.submit(cluster, node, *output, job).await,
                Do::RemoveInput { output } => {
                    let mut state = self.state.borrow_mut();
                    let accepted = state
                        .jobs
                        .iter_mut()
                        .filter(|job| job.place == *output && job.id.is_some());
                    for job in accepted {
                        job.lacks_input = true;
                        for input in &job.inputs {
                            let _ = std::fs::remove_file(input);
                        }
                    }
                    Ok(())
                }
                Do::CrashWorkers { node } => {
                    if cluster.standing(node) != Some(Standing::Running) {
                        return Ok(());
                    }
                    // Until it is known how many workers there are, they may be enough to end any job: each may
                    // be given the task that another one left.
                    let place = {
                        let mut state = self.state.borrow_mut();
                        state.has_other_breaks = true;
                        state.disturb(MAX_CRASHES);
                        state.crashes.len() - 1
                    };
                    match cluster.crash_children(node, &WORKERS).await {
                        Ok(workers) => {
                            self.state.borrow_mut().crashes[place].1 = workers as u64;
                            Ok(())
                        }
                        // A worker that ends by itself meanwhile cannot crash.
                        Err(Stop::Inconclusive(_) | Stop::Failed(_)) => Ok(()),
                        Err(stop) => Err(stop),
                    }
                }
            }
        })
    }

    fn broken(&self, cluster: &Cluster<'_>, fault: &Fault) {
        let mut state = self.state.borrow_mut();
        state.note_break(fault);
        let everyone = cluster.everyone().len() as u64;
        match fault {
            Fault::Kill { node } => {
                state.disturb(0);
                state.touch(node);
                state.lose(node);
            }
            Fault::Crash { node, .. } => {
                state.disturb(everyone);
                state.touch(node);
                if !self.level.continues {
                    state.lose(node);
                }
            }
            Fault::Start { node } => {
                state.disturb(0);
                if cluster.standing(node) != Some(Standing::Running) {
                    state.touch(node);
                }
            }
            // What a worker asked of its own node may have taken too long.
            Fault::Pause { node } | Fault::Resume { node } => {
                state.disturb(1);
                state.touch(node);
            }
            _ => state.disturb(0),
        }
    }

    fn look<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(async move {
            let count = self.state.borrow().jobs.len();
            for job in 0..count {
                let is_open = self.state.borrow().jobs[job].stands == Stands::Open;
                if !is_open {
                    self.look_at_output(cluster, job)?;
                    self.ask(cluster, job, GLANCE).await?;
                }
            }
            Ok(())
        })
    }

    fn conclude<'a>(&'a self, cluster: &'a Cluster<'_>, _: Mark) -> Story<'a> {
        Box::pin(async move {
            self.all_end(cluster).await?;
            if self.level.problem == 1 || cluster.running().len() < 2 {
                return self.nothing_is_left(cluster);
            }
            let (manager, settled) = {
                let state = self.state.borrow();
                let running = cluster.running();
                let given = state.jobs.iter().map(|job| &job.manager);
                let manager = given
                    .rev()
                    .find(|manager| running.contains(manager))
                    .or(running.first());
                (manager.cloned(), state.settles_in())
            };
            let Some(manager) = manager else {
                return Ok(());
            };
            sleep(settled).await;
            {
                let mut state = self.state.borrow_mut();
                state.disturbed = None;
                state.breaks.clear();
            }
            if self.level.continues {
                self.crash_again(cluster, &manager).await?;
            }
            self.last_job(cluster, &manager).await?;
            self.look(cluster).await?;
            self.nothing_is_left(cluster)
        })
    }
}

impl Job {
    /// Whether none of its tasks crashes, or outlives its lease.
    fn is_plain(&self) -> bool {
        !self.lacks_input && self.given.crashes() == 0 && self.given.longest_task() < LEASE * 9 / 10
    }
}

impl State {
    /// Something happens that may crash a task so many times.
    fn disturb(&mut self, crashes: u64) {
        self.disturbed = Some(Instant::now());
        self.crashes
            .extend((crashes > 0).then(|| (Instant::now(), crashes)));
    }

    /// How often a task of a job that began at a moment may have crashed because something was broken. What was
    /// broken shortly before counts: a worker of a manager that crashed may end with a task of the next one.
    fn crashes_since(&self, begun: Instant) -> u64 {
        let recent = self.crashes.iter().filter(|(at, _)| *at + SETTLED >= begun);
        recent.map(|(_, crashes)| crashes).sum()
    }

    fn note_break(&mut self, fault: &Fault) {
        let nodes = match fault {
            Fault::Partition { a, b } | Fault::Blackhole { from: a, to: b } => vec![a, b],
            Fault::Pause { node } => vec![node],
            Fault::Heal { .. } | Fault::HealAll | Fault::Resume { .. } => return,
            _ => {
                self.has_other_breaks = true;
                return;
            }
        };
        let nodes = nodes.into_iter().cloned().collect();
        self.breaks.push((Instant::now(), nodes));
    }

    /// Whether all that was ever broken was broken at one moment, and befell one node beside the manager's.
    fn breaks_once(&self, manager: &str) -> bool {
        let [(first, nodes), ..] = &self.breaks[..] else {
            return false;
        };
        let is_common = |node: &&String| self.breaks.iter().all(|(_, nodes)| nodes.contains(*node));
        let at_once = |(at, _): &(Instant, _)| *at <= *first + ONE_BREAK;
        !self.has_other_breaks
            && self.breaks.iter().all(at_once)
            && nodes.iter().filter(is_common).any(|node| node != manager)
            && self.jobs.iter().all(Job::is_plain)
    }

    fn touch(&mut self, node: &str) {
        self.touched.insert(node.to_owned(), Instant::now());
    }

    fn was_touched(&self, node: &str, since: Instant) -> bool {
        self.touched.get(node).is_some_and(|at| *at >= since)
    }

    /// The memory of a node's manager is gone.
    fn lose(&mut self, node: &str) {
        for job in self.jobs.iter_mut().filter(|job| job.manager == node) {
            job.stands = Stands::Lost;
        }
    }

    /// Whether all jobs with an output there have ended.
    fn is_free(&self, place: u64) -> bool {
        let mut others = self.jobs.iter().filter(|job| job.place == place);
        others.all(|job| job.ended.is_some() && job.stands != Stands::Lost)
    }

    /// Whether a job is waited for no longer while the story goes on.
    fn hangs(&self, job: &Job) -> bool {
        let since = self.disturbed.map_or(job.begun, |at| at.max(job.begun));
        let serial: Duration = self.jobs.iter().map(|job| job.given.longest(1)).sum();
        since.elapsed() > HANGS + 3 * serial
    }

    /// How long it takes until no worker is busy with what was lost, repeated or too slow, once all faults have ended.
    fn settles_in(&self) -> Duration {
        let longest = self
            .jobs
            .iter()
            .map(|job| job.given.longest_task())
            .max()
            .unwrap_or_default();
        match self.disturbed.is_some() || !self.jobs.iter().all(Job::is_plain) {
            true => SETTLED + 2 * longest,
            false => Duration::ZERO,
        }
    }

    /// Whether nothing that was broken, and no record or task of any job, can be in the way of a job.
    fn is_undisturbed(&self, job: &Job) -> bool {
        self.disturbed.is_none_or(|at| at + SETTLED < job.begun)
            && self.jobs.iter().all(|other| {
                other.is_plain() || other.ended.is_some_and(|ended| ended + SETTLED < job.begun)
            })
    }
}
