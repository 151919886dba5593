//! What a manager knows about a job. Given. Add the fields that your manager needs.

use std::time::Duration;

use batch::{
    Attempt, Counters, JobId, MapOutput, OutputFolder, Product, Split, TaskId, Work, splits,
};
use runtime::NodeName;
use tokio::time::Instant;

use crate::protocol::{Assignment, JobSpec, JobStatus, Progress, Summary};

/// A job and its tasks.
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What to do.
    pub spec: JobSpec,
    /// Where its output is assembled.
    pub output: OutputFolder,
    /// The map tasks, one for each split.
    pub maps: Vec<Task>,
    /// The reduce tasks, one for each partition.
    pub reduces: Vec<Task>,
    /// How it ended, if it has.
    pub outcome: Option<Result<Summary, String>>,
    splits: Vec<Split>,
    attempts: u64,
    begun: Instant,
    mapped: Option<Duration>,
}

/// What a manager knows of a task.
#[derive(Debug, Default)]
pub struct Task {
    /// Its result, as long as that is still there.
    pub product: Option<Product>,
    /// The running attempts, by their numbers.
    pub running: Vec<u64>,
    /// How many attempts have crashed.
    pub crashes: u32,
}

impl Task {
    /// No attempt has done it, and none is running.
    pub fn is_waiting(&self) -> bool {
        self.product.is_none() && self.running.is_empty()
    }

    /// Where its output is stored, for a map task that is done.
    pub fn map_output(&self) -> Option<&MapOutput> {
        match &self.product {
            Some(Product::Map(output, _)) => Some(output),
            _ => None,
        }
    }
}

impl Job {
    /// A job on which no work has been done yet.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn new(id: JobId, spec: JobSpec) -> Result<Job, String> {
        if spec.partitions == 0 {
            return Err("a job needs at least one partition".into());
        }
        let splits = splits(&spec.input, spec.split_bytes).map_err(|error| error.to_string())?;
        Ok(Job {
            output: OutputFolder::new(&spec.output, &id),
            maps: splits.iter().map(|_| Task::default()).collect(),
            reduces: (0..spec.partitions).map(|_| Task::default()).collect(),
            outcome: None,
            splits,
            attempts: 0,
            begun: Instant::now(),
            mapped: None,
            id,
            spec,
        })
    }

    /// One of its tasks.
    pub fn task(&mut self, id: TaskId) -> Option<&mut Task> {
        match id {
            TaskId::Map(number) => self.maps.get_mut(number),
            TaskId::Reduce(number) => self.reduces.get_mut(number),
        }
    }

    /// What a map task reads.
    pub fn split(&self, map: usize) -> Option<&Split> {
        self.splits.get(map)
    }

    /// The next attempt at a task, for a worker. A reduce task fetches what the map tasks have stored
    /// so far.
    ///
    /// # Panics
    /// When there is no such task.
    pub fn next_attempt(&mut self, task: TaskId, manager: &NodeName) -> Assignment {
        self.attempts += 1;
        let attempt = Attempt {
            job: self.id.clone(),
            task,
            number: self.attempts,
        };
        let work = match task {
            TaskId::Map(number) => Work::Map {
                split: self.splits[number].clone(),
                partitions: self.reduces.len(),
            },
            TaskId::Reduce(_) => Work::Reduce {
                inputs: self
                    .maps
                    .iter()
                    .filter_map(Task::map_output)
                    .cloned()
                    .collect(),
                output: self.spec.output.clone(),
            },
        };
        Assignment {
            attempt,
            work,
            kind: self.spec.kind,
            experiment: self.spec.experiment,
            manager: manager.clone(),
        }
    }

    /// Ends the job successfully: its output appears. Call it when every partition has been committed.
    pub fn complete(&mut self) {
        let total = self.begun.elapsed();
        let map = self.mapped.unwrap_or(total);
        let mut work = Counters::default();
        for task in self.maps.iter().chain(&self.reduces) {
            if let Some(Product::Map(_, counters) | Product::Reduce(_, counters)) = &task.product {
                work += *counters;
            }
        }
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let summary = Summary {
            tasks: self.maps.len() + self.reduces.len(),
            attempts: self.attempts,
            work,
            map_ms: millis(map),
            reduce_ms: millis(total.saturating_sub(map)),
        };
        let shown = self.output.complete().map_err(|error| error.to_string());
        self.outcome = Some(shown.map(|()| summary));
    }

    /// Ends the job without output.
    pub fn fail(&mut self, why: String) {
        self.output.discard();
        self.outcome = Some(Err(why));
    }

    /// Its state.
    pub fn status(&self) -> JobStatus {
        match &self.outcome {
            Some(Ok(summary)) => JobStatus::Done(*summary),
            Some(Err(why)) => JobStatus::Failed(why.clone()),
            None => JobStatus::Running(self.progress()),
        }
    }

    /// Its progress.
    pub fn progress(&self) -> Progress {
        let done = |tasks: &[Task]| tasks.iter().filter(|task| task.product.is_some()).count();
        Progress {
            maps: self.maps.len(),
            maps_done: done(&self.maps),
            reduces: self.reduces.len(),
            reduces_done: done(&self.reduces),
        }
    }

    /// For the summary: notes when the last map task was done.
    pub fn note_progress(&mut self) {
        if self.maps.iter().all(|task| task.product.is_some()) {
            self.mapped.get_or_insert(self.begun.elapsed());
        }
    }
}
