//! kind = "near-miss"
//! problem = 6
//! claim = "goes on counting"
//! about = "The restarted producer goes on from the highest count of any producer, not of its own."
//! mistakes = ["counts-what-others-sent"]

// ── file producer.rs
// ── replace
let seen = asked
    // …
    .filter_map(|counts| counts.get(ctx.name()));
// ── with
let seen = asked.answers.values().flat_map(|counts| counts.values());
// ── end
