//! kind = "near-miss"
//! problem = 3
//! claim = "a task that fails every time"
//! about = "Only crashes count, and not the attempts that a worker reports as failed."

// ── file manager.rs
// ── replace
if self.has_answered(&worker, &attempt)
    && let TaskError::Failed(why) = &why
{
    self.crashed(&attempt, why, ctx).await;
}
// ── with
self.has_answered(&worker, &attempt);
// ── end
