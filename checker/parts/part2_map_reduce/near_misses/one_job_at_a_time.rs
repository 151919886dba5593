//! kind = "right"
//! about = "A job begins when all earlier ones have ended."

// ── file manager.rs
// ── after
distrusted: BTreeSet<NodeName>,
// ── add
/// In the order in which they came.
queue: Vec<JobId>,
// ── end
// ── after
Manager {
// ── add
    queue: jobs.keys().cloned().collect(),
// ── end
// ── after
self.jobs.insert(id.clone(), job);
// ── add
self.queue.push(id.clone());
// ── end
// ── replace
let Some((id, task)) = self.jobs.values().find_map(next) else {
// ── with
let mut open = self.queue.iter().filter_map(|id| self.jobs.get(id));
let first = open.find(|job| job.outcome.is_none());
let Some((id, task)) = first.and_then(next) else {
// ── end
