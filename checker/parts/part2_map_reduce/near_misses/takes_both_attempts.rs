//! kind = "near-miss"
//! problem = 4
//! claim = "a late result changes nothing"
//! about = "The manager collects map outputs in a set, which holds the outputs of two attempts at the same task."
//! mistakes = ["takes-both-attempts"]

// ── file manager.rs
// ── after
distrusted: BTreeSet<NodeName>,
// ── add
outputs: BTreeMap<JobId, BTreeSet<MapOutput>>,
// ── end
// ── after
self.has_answered(&worker, &attempt);
// ── add
if let Product::Map(output, _) = &product {
    self.outputs.entry(attempt.job.clone()).or_default().insert(output.clone());
}
// ── end
// ── replace
let assignment = job.next_attempt(task, ctx.name());
// ── with
let mut assignment = job.next_attempt(task, ctx.name());
if let Work::Reduce { inputs, .. } = &mut assignment.work {
    *inputs = self.outputs.get(id).into_iter().flatten().cloned().collect();
}
// ── end
// ── after
fn lose_outputs(&mut self, node: &NodeName) {
// ── add
    for outputs in self.outputs.values_mut() {
        outputs.retain(|output| output.node != *node);
    }
// ── end
// ── add
use batch::{MapOutput, Work};
// ── end
