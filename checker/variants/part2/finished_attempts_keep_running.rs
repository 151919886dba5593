//! kind = "near-miss"
//! problem = 3
//! claim = "a node that dies in the map phase"
//! about = "An attempt that is done stays among those that are being made, so that its task never waits again; no lease ends it."
//! mistakes = ["lost-task-does-not-wait"]

// ── file manager.rs
// ── gap 2: a task is done
if let Some(at_work) = self.workers.get_mut(&worker)
    && at_work.attempt.as_ref() == Some(&attempt)
{
    at_work.attempt = None;
    at_work.is_idle = true;
}
if self
    .task(&attempt)
    .is_some_and(|task| task.product.is_none())
{
    self.count(&attempt, product, ctx).await;
}
self.give_work(ctx).await;
// ── end 2
// ── gap 4: an attempt has begun
// ── end 4
