//! kind = "near-miss"
//! problem = 3
//! claim = "a worker that crashes is replaced"
//! about = "A worker that has ended stays in the table, and gets the same task again each time its lease ends."

// ── file manager.rs
// ── replace
let attempt = self.workers.remove(&worker).and_then(|ended| ended.attempt);
if let Some(attempt) = &attempt {
    self.give_up(attempt);
// ── with
let attempt = self.workers[&worker].attempt.clone();
if let Some(attempt) = &attempt {
// ── end
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
