//! kind = "near-miss"
//! problem = 6
//! claim = "the sweeper tells the tables"
//! about = "Expired links are removed from the store; the tables keep them."
//! mistakes = ["does-not-tell-the-tables"]

// ── file sweeper.rs
// ── replace
tell_tables(&code, &link, ctx).await;
// ── with
// ── end
