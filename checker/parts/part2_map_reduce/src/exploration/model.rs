//! What was asked in a story of part 2, and what may have come of it.

mod afterwards;
mod disturbances;
mod ends;
mod giving;
mod output;
mod status;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use batch::JobId;
use tokio::time::{Instant, sleep};

use super::input::Given;
use super::{Do, Level};
use crate::Footprint;
use crate::messages::{MAX_CRASHES, WORKERS};
use crate::text::Table;
use output::is_exact;
use testkit::cluster::{Cluster, Mark, Standing};
use testkit::exploration::{Fault, Model};
use testkit::scenario::{Stop, Story};

/// How long a manager may take to answer: it may be waiting for a node that does not.
const ANSWERED: Duration = Duration::from_secs(20);

/// How long a question waits whose answer is not needed at once.
const GLANCE: Duration = Duration::from_millis(300);

/// How often an open job's output is looked at, and its manager asked.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS_PER_QUESTION: u32 = 10;

/// How long a job may go on once nothing is in its way, beside what its tasks take one after the other.
const HANGS: Duration = Duration::from_secs(40);

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
    /// How many map tasks it has.
    maps: usize,
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
