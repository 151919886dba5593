//! kind = "near-miss"
//! problem = 4
//! claim = "a message that arrives twice counts once"
//! about = "The map phase ends when as many results have arrived as there are map tasks."
//! mistakes = ["reduces-before-all-is-mapped"]

// ── file job.rs
// ── after
attempts: u64,
// ── add
/// How many messages said that a map task is done.
pub results: usize,
// ── end
// ── after
attempts: 0,
// ── add
results: 0,
// ── end
// ── file manager.rs
// ── after
self.has_answered(&worker, &attempt);
// ── add
if let (TaskId::Map(_), Some(job)) = (attempt.task, self.jobs.get_mut(&attempt.job)) {
    job.results += 1;
}
// ── end
// ── replace
let mapped = job.maps.iter().all(|task| task.product.is_some());
// ── with
let mapped = job.results >= job.maps.len();
// ── end
// ── after
if task.map_output().is_some_and(|output| output.node == *node) {
    task.product = None;
// ── add
    job.results = job.results.saturating_sub(1);
// ── end
