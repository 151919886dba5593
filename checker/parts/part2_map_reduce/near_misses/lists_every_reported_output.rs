//! kind = "near-miss"
//! problem = 4
//! claim = "a message that arrives twice counts once"
//! about = "The manager collects map outputs in a list, which holds an output twice that is reported twice."
//! mistakes = ["lists-an-output-twice"]

// ── file manager.rs
// ── after
distrusted: BTreeSet<NodeName>,
// ── add
outputs: BTreeMap<JobId, Vec<MapOutput>>,
// ── end
// ── after
self.has_answered(&worker, &attempt);
// ── add
if let Product::Map(output, _) = &product {
    self.outputs.entry(attempt.job.clone()).or_default().push(output.clone());
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
