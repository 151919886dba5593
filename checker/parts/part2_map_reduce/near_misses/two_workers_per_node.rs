//! kind = "right"
//! about = "Each node has two workers."

// ── file manager.rs
// ── replace
Info::NodeUp(node) => start_worker(node, ctx),
// ── with
Info::NodeUp(node) => {
    start_worker(node.clone(), ctx);
    start_worker(node, ctx);
}
// ── end
// ── after
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
// ── add
    start_worker(node.clone(), ctx);
// ── end
