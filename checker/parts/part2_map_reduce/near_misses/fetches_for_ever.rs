//! kind = "near-miss"
//! problem = 3
//! claim = "a node that dies in the map phase"
//! about = "A reduce task tries to fetch until it succeeds, and the manager takes the output on a dead node for done."
//! mistakes = ["lost-outputs-count-as-done"]

// ── file manager.rs
// ── replace
Info::NodeDown(node) => self.node_down(&node, ctx).await,
// ── with
// ── end
// ── file worker.rs
// ── replace
let report = match perform(ctx, &kind, &attempt, &work, experiment).await {
// ── with
let mut performed = perform(ctx, &kind, &attempt, &work, experiment).await;
while let Err(TaskError::Unfetched { .. }) = performed {
    tokio::time::sleep(ASK_INTERVAL).await;
    performed = perform(ctx, &kind, &attempt, &work, experiment).await;
}
let report = match performed {
// ── end
// ── add
use batch::TaskError;
// ── end
