//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count, and meet"
//! about = "Only those are met who were there when the server was started."
//! mistakes = ["nothing-told-on-new-link"]

// ── file counters.rs
// ── replace
for member in ctx.watch_group(&ALL_COUNTERS) {
// ── with
for member in ctx.groups().members(&ALL_COUNTERS) {
// ── end
