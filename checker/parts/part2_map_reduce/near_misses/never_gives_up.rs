//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "The manager tries a task again however often it has crashed."

// ── file manager.rs
// ── replace
if task.crashes >= MAX_CRASHES {
// ── with
if task.product.is_some() && task.crashes >= MAX_CRASHES {
// ── end
