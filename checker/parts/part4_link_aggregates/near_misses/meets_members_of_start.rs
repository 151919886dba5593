//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count and learn the sum"
//! about = "A node meets only the members that are there when its server starts."
//! mistakes = ["nothing-told-on-new-link"]

// ── file counters.rs
// ── replace
for member in ctx.watch_group(&ALL_COUNTERS) {
// ── with
for member in ctx.groups().members(&ALL_COUNTERS) {
// ── end
