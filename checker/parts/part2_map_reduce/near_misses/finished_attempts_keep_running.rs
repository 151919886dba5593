//! kind = "near-miss"
//! problem = 3
//! claim = "a node that dies in the map phase"
//! about = "An attempt that is done stays among those that are being made, so that its task never waits again; no lease ends it."
//! mistakes = ["lost-task-does-not-wait"]

// ── file manager.rs
// ── replace
self.has_answered(&worker, &attempt);
// ── with
if let Some(at_work) = self.workers.get_mut(&worker)
    && at_work.attempt.as_ref() == Some(&attempt)
{
    at_work.attempt = None;
    at_work.is_idle = true;
}
// ── end
// ── replace
ctx.send_after(LEASE, ManagerMsg::Expired(attempt.clone()));
// ── with
// ── end
