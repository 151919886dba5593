//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "Crashes are counted for each worker, and the one that comes instead begins at none."
//! mistakes = ["never-gives-up"]

// ── file manager.rs
// ── after
self.crashed(attempt, &reason.to_string(), ctx).await;
// ── add
if let Some(task) = self.task(attempt) {
    task.crashes = 0;
}
// ── end
