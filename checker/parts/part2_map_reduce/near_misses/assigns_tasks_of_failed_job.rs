//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "The manager gives out the tasks of a job that has failed, again and again."

// ── file manager.rs
// ── replace
if job.outcome.is_some() {
    return None;
}
if let Some(map) = job.maps.iter().position(Task::is_waiting) {
// ── with
if let Some(map) = job.maps.iter().position(Task::is_waiting) {
// ── end
// ── replace
job.outcome.is_none().then(|| job.task(attempt.task))?
// ── with
job.task(attempt.task)
// ── end
