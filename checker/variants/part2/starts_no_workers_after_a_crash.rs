//! kind = "near-miss"
//! problem = 6
//! claim = "a manager that crashed goes on"
//! about = "A manager that crashed knows its jobs again, and waits for workers that have ended with it."

// ── file manager.rs
// ── gap 6: go on with what was begun
let jobs = recover(jobs, ctx).await;
// ── end 6
