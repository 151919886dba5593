//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "A task is tried again however often it has crashed."
//! mistakes = ["never-gives-up"]

// ── file manager.rs
// ── replace
if task.crashes >= MOST_CRASHES {
// ── with
if task.product.is_some() && task.crashes >= MOST_CRASHES {
// ── end
