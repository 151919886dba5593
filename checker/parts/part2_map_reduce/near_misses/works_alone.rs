//! kind = "near-miss"
//! problem = 2
//! claim = "every node takes part"
//! about = "All workers are on the manager's own node."
//! mistakes = ["works-alone"]

// ── file manager.rs
// ── replace
Info::NodeUp(node) => start_worker(node, ctx),
// ── with
// ── end
// ── replace
ctx.watch_nodes();
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    start_worker(node, ctx);
// ── with
for _ in 0..3 {
    start_worker(ctx.name().clone(), ctx);
// ── end
