//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "The restarted consumer asks the producers of list(), and its own node is not in it."
//! mistakes = ["misses-its-own-producer"]

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
// ── with
for node in ctx.list() {
// ── end
