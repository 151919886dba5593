//! kind = "near-miss"
//! problem = 5
//! claim = "a paused node"
//! about = "When a lease expires, the manager gives the task to the same worker again."
//! mistakes = ["insists-on-the-same-worker"]

// ── file manager.rs
// ── replace
self.give_up(&attempt);
// ── with
let mut workers = self.workers.iter();
let overdue = workers.find(|(_, at_work)| at_work.attempt.as_ref() == Some(&attempt));
let overdue = overdue.map(|(worker, _)| worker.clone());
self.give_up(&attempt);
let is_open = self.task(&attempt).is_some_and(|task| task.is_waiting());
if let Some(worker) = overdue.filter(|_| is_open) {
    // What was lost is said again.
    self.assign(&attempt.job, attempt.task, &worker, ctx).await;
}
// ── end
