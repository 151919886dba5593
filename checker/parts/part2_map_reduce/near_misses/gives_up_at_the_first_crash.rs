//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes three times"
//! about = "A task that has crashed once is not tried again, and the job fails."
//! mistakes = ["gives-up-too-early"]

// ── file manager.rs
// ── replace
if task.crashes >= MOST_CRASHES {
// ── with
if task.crashes >= 1 {
// ── end
