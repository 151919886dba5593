//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "The error of a job that is given up does not say which split it was."
//! mistakes = ["error-without-split"]

// ── file manager.rs
// ── replace
let why = format!("{what} was given up after {MOST_CRASHES} failed attempts: {why}");
// ── with
let why = format!("a task has crashed {MOST_CRASHES} times");
// ── end
