//! kind = "near-miss"
//! problem = 3
//! claim = "records that crash three times"
//! about = "The manager does not retry a task that crashed once, and the job fails."

// ── file manager.rs
// ── replace
if task.crashes >= MAX_CRASHES {
// ── with
if task.crashes >= 1 {
// ── end
