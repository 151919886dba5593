//! kind = "right"
//! about = "The manager's own node does no task."

// ── file manager.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
// ── with
for node in ctx.list() {
// ── end
