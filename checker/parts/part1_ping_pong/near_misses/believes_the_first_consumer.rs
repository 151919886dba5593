//! kind = "near-miss"
//! problem = 6
//! claim = "goes on counting"
//! about = "The restarted producer goes on from what the first consumer in the list says, though another has seen more."
//! mistakes = ["believes-one-consumer"]

// ── file producer.rs
// ── replace
.filter_map(|counts| counts.get(ctx.name()));
// ── with
.filter_map(|counts| counts.get(ctx.name()))
.take(1);
// ── end
