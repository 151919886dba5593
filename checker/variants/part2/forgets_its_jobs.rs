//! kind = "near-miss"
//! problem = 6
//! claim = "a manager that crashed goes on"
//! about = "A manager that crashed begins without jobs."
//! mistakes = ["forgets-its-jobs"]

// ── file manager.rs
// ── gap 6: go on with what was begun
// ── end 6
