//! kind = "near-miss"
//! problem = 4
//! claim = "a record that crashes when its time is over"
//! about = "A worker whose time is over is at nothing any more, so that it may crash as often as it likes if it takes its time."
//! mistakes = ["late-crash-does-not-count"]

// ── file manager.rs
// ── after
async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
// ── add
    let mut at_it = self.workers.values_mut();
    if let Some(at_work) = at_it.find(|at_work| at_work.attempt.as_ref() == Some(&attempt)) {
        at_work.attempt = None;
    }
// ── end
