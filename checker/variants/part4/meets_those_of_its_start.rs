//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count, and meet"
//! about = "Only those are met who were there when the server was started."
//! mistakes = ["nothing-told-on-new-link"]

// ── file counters.rs
// ── gap 6: hear of other members
for member in ctx.groups().members(&ALL_COUNTERS) {
    counters.meet(&member, ctx);
}
// ── end 6
