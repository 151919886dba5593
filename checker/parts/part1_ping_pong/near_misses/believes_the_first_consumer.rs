//! kind = "near-miss"
//! problem = 6
//! claim = "continues its count"
//! about = "The restarted producer continues after the count of the first consumer in the list, although another has seen more."
//! mistakes = ["believes-one-consumer"]

// ── file producer.rs
// ── replace
.filter_map(|counts| counts.get(ctx.name()));
// ── with
.filter_map(|counts| counts.get(ctx.name()))
.take(1);
// ── end
