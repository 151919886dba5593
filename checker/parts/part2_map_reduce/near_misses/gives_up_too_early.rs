//! kind = "near-miss"
//! problem = 3
//! claim = "records that crash three times"
//! about = "The manager gives a task up at its third crash."

// ── file manager.rs
// ── replace
if task.crashes >= MAX_CRASHES {
// ── with
if task.crashes + 1 >= MAX_CRASHES {
// ── end
