//! kind = "near-miss"
//! problem = 5
//! claim = "a paused node"
//! about = "The manager renews a lease as long as the worker's node is in the list and the worker does not ask for work."

// ── file manager.rs
// ── after
at_work.attempt = Some(attempt);
// ── add
at_work.has_asked = false;
// ── end
// ── after
attempt: Option<Attempt>,
// ── add
has_asked: bool,
// ── end
// ── after
attempt: None,
// ── add
has_asked: false,
// ── end
// ── after
    is_idle: true,
});
// ── add
known.has_asked = true;
// ── end
// ── after
async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
// ── add
    let mut at_it = self.workers.iter_mut();
    if let Some((worker, at_work)) =
        at_it.find(|(_, at_work)| at_work.attempt.as_ref() == Some(&attempt))
    {
        // A worker that asks for work never got the task, or its result was lost. Otherwise it is busy.
        let is_there = worker.node() == ctx.name() || ctx.list().contains(worker.node());
        if is_there && !at_work.has_asked {
            ctx.send_after(LEASE, ManagerMsg::Expired(attempt));
            return;
        }
        at_work.attempt = None;
    }
// ── end
