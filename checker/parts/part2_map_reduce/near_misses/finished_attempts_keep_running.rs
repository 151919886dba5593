//! kind = "near-miss"
//! problem = 3
//! claim = "a node that dies in the map phase"
//! about = "An attempt that is done stays in `running`, so its task never waits again. No lease ends it."

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
