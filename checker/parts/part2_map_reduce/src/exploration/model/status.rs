//! What a job's status says of its tasks, its attempts and its time is true.

use std::time::Duration;

use batch::{JobStatus, Progress, Summary};

use super::Job;
use crate::fact::{Fact, Reported};
use crate::provenance::counter;

impl Job {
    /// Compares the figures of a status with what is known of the job. A manager that crashed meanwhile
    /// counts attempts and time from its restart on.
    pub(super) fn figures_are_true(
        &self,
        status: &JobStatus,
        was_touched: bool,
    ) -> Result<(), Fact> {
        match status {
            JobStatus::Running(progress) => self.progress_is_true(progress, was_touched),
            JobStatus::Done(summary) => self.summary_is_true(summary, was_touched),
            JobStatus::Failed(_) | JobStatus::Unknown => Ok(()),
        }
    }

    fn progress_is_true(&self, progress: &Progress, was_touched: bool) -> Result<(), Fact> {
        let elapsed = millis(self.begun.elapsed());
        let (maps, partitions) = (self.maps, self.given.partitions);
        // Before a first task can be done, none is.
        let is_mapped = elapsed >= self.given.map_ms;
        let least_map_ms = if maps == 0 { 0 } else { self.given.map_ms };
        let is_reduced = elapsed >= least_map_ms + self.given.reduce_ms;
        let most = |tasks: usize, may_be_done: bool| match may_be_done || was_touched {
            true => tasks as u64,
            false => 0,
        };
        let exactly = |name, seen: usize, wanted: usize| {
            counter(
                &self.reported(),
                name,
                seen as u64,
                wanted as u64,
                wanted as u64,
            )
        };
        let up_to = |name, seen: usize, most| counter(&self.reported(), name, seen as u64, 0, most);
        exactly("maps", progress.maps, maps)?;
        exactly("reduces", progress.reduces, partitions)?;
        up_to("maps_done", progress.maps_done, most(maps, is_mapped))?;
        up_to(
            "reduces_done",
            progress.reduces_done,
            most(partitions, is_reduced),
        )
    }

    fn summary_is_true(&self, summary: &Summary, was_touched: bool) -> Result<(), Fact> {
        let elapsed = millis(self.begun.elapsed());
        let tasks = (self.maps + self.given.partitions) as u64;
        let [least_attempts, least_map_ms, least_reduce_ms] = match was_touched {
            true => [0; 3],
            // Of a job without map tasks nothing says when they were done.
            false if self.maps == 0 => [tasks, 0, 0],
            false => [tasks, self.given.map_ms, self.given.reduce_ms],
        };
        let reported = self.reported();
        counter(&reported, "tasks", summary.tasks as u64, tasks, tasks)?;
        counter(
            &reported,
            "attempts",
            summary.attempts,
            least_attempts,
            u64::MAX,
        )?;
        counter(&reported, "map_ms", summary.map_ms, least_map_ms, elapsed)?;
        let rest = elapsed.saturating_sub(summary.map_ms);
        counter(
            &reported,
            "reduce_ms",
            summary.reduce_ms,
            least_reduce_ms,
            rest,
        )
    }

    fn reported(&self) -> Reported {
        Reported::Summary {
            manager: self.manager.clone(),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
