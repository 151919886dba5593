//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "The error of a job that the manager gives up does not name the split."

// ── file manager.rs
// ── replace
let why = format!("{what} was given up after {MAX_CRASHES} failed attempts: {why}");
// ── with
let why = format!("a task has crashed {MAX_CRASHES} times");
// ── end
