//! kind = "near-miss"
//! problem = 6
//! claim = "the sweeper tells every table"
//! about = "The sweeper removes expired links from the store and sends no table a message."
//! mistakes = ["does-not-tell-the-tables"]

// ── file sweeper.rs
// ── replace
forget_everywhere(&code, &link, ctx).await;
// ── with
// ── end
