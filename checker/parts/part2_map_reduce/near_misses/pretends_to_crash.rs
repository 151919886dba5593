//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes its task"
//! about = "A worker looks for the record that crashes, and reports a failure instead of mapping its split."

// ── file worker.rs
// ── replace
let report = match perform(ctx, &kind, &attempt, &work, experiment).await {
// ── with
let performed = match pretend_to_crash(&work) {
    Some(why) => Err(why),
    None => perform(ctx, &kind, &attempt, &work, experiment).await,
};
let report = match performed {
// ── end
// ── add
fn pretend_to_crash(work: &Work) -> Option<TaskError> {
    let Work::Map { split, .. } = work else { return None };
    let bytes = split.read().ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let order = text.lines().find_map(|line| line.strip_prefix("@panic "))?;
    let (times, path) = order.split_once(' ')?;
    let mut crashes = std::fs::read(path).unwrap_or_default();
    if crashes.len() >= times.parse().ok()? {
        return None;
    }
    crashes.push(b'x');
    let _ = std::fs::write(path, crashes);
    Some(TaskError::Failed(format!("a record of {} crashed", split.file)))
}

use batch::{TaskError, Work};
// ── end
