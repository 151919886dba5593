//! kind = "near-miss"
//! problem = 6
//! claim = "a manager that crashed goes on"
//! about = "A manager that crashed begins without jobs."
//! mistakes = ["forgets-its-jobs"]

// ── file manager.rs
// ── replace
let jobs = recover(jobs, ctx).await;
// …
}
// ── with
// ── end
