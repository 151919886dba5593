//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "The manager counts crashes for each worker, and the next worker starts at none."

// ── file manager.rs
// ── after
self.crashed(attempt, &reason.to_string(), ctx).await;
// ── add
if let Some(task) = self.task(attempt) {
    task.crashes = 0;
}
// ── end
