//! kind = "near-miss"
//! problem = 7
//! claim = "a crash of the counters loses nothing"
//! about = "A restarted server meets only the members that join after it."

// ── file counters.rs
// ── replace
for member in ctx.watch_group(&ALL_COUNTERS) {
    counters.meet(&member, ctx);
}
// ── with
ctx.watch_group(&ALL_COUNTERS);
// ── end
