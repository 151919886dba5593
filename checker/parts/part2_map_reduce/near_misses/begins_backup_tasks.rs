//! kind = "right"
//! about = "When no task waits, idle workers begin a second attempt at a task that has run for half a lease."

// ── file manager.rs
// ── after
at_work.attempt = Some(attempt);
// ── add
at_work.since = Instant::now();
// ── end
// ── after
attempt: Option<Attempt>,
// ── add
since: Instant,
// ── end
// ── replace
let Some((id, task)) = self.jobs.values().find_map(next) else {
    return;
// ── with
let task = self.jobs.values().find_map(next);
let Some((id, task)) = task.or_else(|| self.backup(worker.node())) else {
    continue;
// ── end
// ── after
attempt: None,
// ── add
since: Instant::now(),
// ── end
// ── add
impl Manager {
    /// A task that only another node is at, and for long, if it can be done by a second one.
    fn backup(&self, node: &NodeName) -> Option<(JobId, TaskId)> {
        let others = self.workers.iter().filter(|(worker, _)| worker.node() != node);
        let slow = others.filter(|(_, at_work)| at_work.since.elapsed() >= LEASE / 2);
        let mut attempts = slow.filter_map(|(_, at_work)| at_work.attempt.as_ref());
        let attempt = attempts.find(|attempt| {
            let job = self.jobs.get(&attempt.job).filter(|job| job.outcome.is_none());
            let task = job.and_then(|job| match attempt.task {
                TaskId::Map(map) => job.maps.get(map),
                TaskId::Reduce(_) if job.maps.iter().any(|task| task.product.is_none()) => None,
                TaskId::Reduce(reduce) => job.reduces.get(reduce),
            });
            task.is_some_and(|task| task.product.is_none() && task.running == [attempt.number])
        })?;
        Some((attempt.job.clone(), attempt.task))
    }
}

use tokio::time::Instant;
// ── end
