//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes three times"
//! about = "A task is given up at its third crash."
//! mistakes = ["gives-up-too-early"]

// ── file manager.rs
// ── replace
if task.crashes >= MOST_CRASHES {
// ── with
if task.crashes + 1 >= MOST_CRASHES {
// ── end
