//! kind = "near-miss"
//! problem = 6
//! claim = "continues its count"
//! about = "The restarted producer continues after the highest count of any producer."
//! mistakes = ["counts-what-others-sent"]

// ── file producer.rs
// ── replace
let seen = asked
    // …
    .filter_map(|counts| counts.get(ctx.name()));
// ── with
let seen = asked.answers.values().flat_map(|counts| counts.values());
// ── end
