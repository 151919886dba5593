//! How jobs end: what their status says, that they end at all, and that it is in time.

use std::time::Duration;

use batch::JobStatus;
use tokio::time::{Instant, sleep};

use super::{ANSWERED, EXACT, HANGS, Jobs, LOOK, LOOKS_PER_QUESTION, Stands};
use crate::exploration::input::Given;
use crate::fact::Fact;
use crate::inexact;
use crate::messages::{LEASE, MANAGER, MAX_CRASHES, ManagerMsg};
use testkit::cluster::{Cluster, Standing, Unanswered};
use testkit::scenario::{Stop, Told};

/// How long a job may take, beside what its tasks take while all workers are busy, and for each task.
const OVERHEAD: Duration = Duration::from_secs(1);
const OVERHEAD_PER_TASK: Duration = Duration::from_millis(5);
const OVERHEAD_PER_TASK_WHEN_BUSY: Duration = Duration::from_millis(25);

impl Jobs {
    /// Asks for the status of a job, and compares it with what is known. No answer is no news.
    pub(super) async fn ask(
        &self,
        cluster: &Cluster<'_>,
        job: usize,
        within: Duration,
    ) -> Result<bool, Stop> {
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
        let begun = state.jobs[job].begun;
        let by_faults = state.crashes_since(begun);
        let manager = state.jobs[job].manager.clone();
        let was_touched = state.was_touched(&manager, begun);
        let job = &mut state.jobs[job];
        if let Err(fact) = job.figures_are_true(&status, was_touched) {
            let failure = fact.of(cluster, &manager, "a status tells how a job stands");
            return Err(failure
                .because("A user reads from it whether a job gets on, and what it cost.")
                .into());
        }
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

    /// A job that nothing disturbs ends in the time that busy workers take, and a job under which one
    /// thing breaks in three times that time and a lease.
    pub(super) fn is_in_time(&self, cluster: &Cluster<'_>, job: usize) -> Told {
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
    pub(super) async fn all_end(&self, cluster: &Cluster<'_>) -> Told {
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
}

/// How long a job takes at most while so many workers are busy with it.
fn limit(given: &Given, workers: usize, per_task: Duration) -> Duration {
    let tasks = (given.maps() + given.partitions) as u32;
    given.longest(workers) + OVERHEAD + per_task * tasks
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
