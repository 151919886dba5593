//! What was done to nodes, and what may follow from it for jobs.

use std::time::Duration;

use tokio::time::Instant;

use super::{HANGS, Job, ONE_BREAK, SETTLED, Stands, State};
use crate::messages::LEASE;
use testkit::exploration::Fault;

impl Job {
    /// Whether none of its tasks crashes, or outlives its lease.
    pub(super) fn is_plain(&self) -> bool {
        !self.lacks_input && self.given.crashes() == 0 && self.given.longest_task() < LEASE * 9 / 10
    }
}

impl State {
    /// Something happens that may crash a task so many times.
    pub(super) fn disturb(&mut self, crashes: u64) {
        self.disturbed = Some(Instant::now());
        self.crashes
            .extend((crashes > 0).then(|| (Instant::now(), crashes)));
    }

    /// How often a task of a job that began at a moment may have crashed because something was broken. What was
    /// broken shortly before counts: a worker of a manager that crashed may end with a task of the next one.
    pub(super) fn crashes_since(&self, begun: Instant) -> u64 {
        let recent = self.crashes.iter().filter(|(at, _)| *at + SETTLED >= begun);
        recent.map(|(_, crashes)| crashes).sum()
    }

    pub(super) fn note_break(&mut self, fault: &Fault) {
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
    pub(super) fn breaks_once(&self, manager: &str) -> bool {
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

    pub(super) fn touch(&mut self, node: &str) {
        self.touched.insert(node.to_owned(), Instant::now());
    }

    pub(super) fn was_touched(&self, node: &str, since: Instant) -> bool {
        self.touched.get(node).is_some_and(|at| *at >= since)
    }

    /// The memory of a node's manager is gone.
    pub(super) fn lose(&mut self, node: &str) {
        for job in self.jobs.iter_mut().filter(|job| job.manager == node) {
            job.stands = Stands::Lost;
        }
    }

    /// Whether all jobs with an output there have ended.
    pub(super) fn is_free(&self, place: u64) -> bool {
        let mut others = self.jobs.iter().filter(|job| job.place == place);
        others.all(|job| job.ended.is_some() && job.stands != Stands::Lost)
    }

    /// Whether a job is waited for no longer while the story goes on.
    pub(super) fn hangs(&self, job: &Job) -> bool {
        let since = self.disturbed.map_or(job.begun, |at| at.max(job.begun));
        let serial: Duration = self.jobs.iter().map(|job| job.given.longest(1)).sum();
        since.elapsed() > HANGS + 3 * serial
    }

    /// How long it takes until no worker is busy with what was lost, repeated or too slow, once all faults have ended.
    pub(super) fn settles_in(&self) -> Duration {
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
    pub(super) fn is_undisturbed(&self, job: &Job) -> bool {
        self.disturbed.is_none_or(|at| at + SETTLED < job.begun)
            && self.jobs.iter().all(|other| {
                other.is_plain() || other.ended.is_some_and(|ended| ended + SETTLED < job.begun)
            })
    }
}
