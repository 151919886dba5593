//! kind = "near-miss"
//! problem = 5
//! claim = "workers that cannot reach each other"
//! about = "The manager rules out both nodes, the one that cannot fetch and the one that it cannot fetch from. The manager's node does no task."

// ── file manager.rs
// ── replace
if let TaskError::Unfetched { output, .. } = &why
    // …
    self.distrusted.insert(output.node.clone());
// ── with
if let TaskError::Unfetched { output, .. } = &why {
    self.lose_outputs(&output.node);
    self.distrusted.insert(output.node.clone());
    self.distrusted.insert(worker.node().clone());
// ── end
// ── replace
let trusted = |worker: &Address<WorkerMsg>| !self.distrusted.contains(worker.node());
if self.distrusted.contains(node) && self.workers.keys().any(trusted) {
// ── with
if self.distrusted.contains(node) {
// ── end
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
// ── with
for node in ctx.list() {
// ── end
