//! kind = "right"
//! about = "The last job comes first, and of each job the last task."

// ── file manager.rs
// ── replace
let Some((id, task)) = self.jobs.values().find_map(next) else {
// ── with
let Some((id, task)) = self.jobs.values().rev().find_map(next) else {
// ── end
// ── replace
if let Some(map) = job.maps.iter().position(Task::is_waiting) {
// ── with
if let Some(map) = job.maps.iter().rposition(Task::is_waiting) {
// ── end
// ── replace
let reduce = job.reduces.iter().position(Task::is_waiting);
// ── with
let reduce = job.reduces.iter().rposition(Task::is_waiting);
// ── end
