//! kind = "near-miss"
//! problem = 3
//! claim = "recovers"
//! about = "The restarted consumer asks the producers of `list()`, which does not hold its own node."
//! mistakes = ["misses-its-own-producer"]
//! shortest_story = 2

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
// ── with
for node in ctx.list() {
// ── end
