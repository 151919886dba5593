//! kind = "near-miss"
//! problem = 6
//! claim = "a restarted manager continues"
//! about = "A restarted manager has no jobs."

// ── file manager.rs
// ── replace
let jobs = recover(jobs, ctx).await;
// …
}
// ── with
// ── end
