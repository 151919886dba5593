//! kind = "near-miss"
//! problem = 4
//! claim = "a record that crashes after its lease"
//! about = "When a lease ends, the manager forgets what its worker does, so that a late crash counts for no task."

// ── file manager.rs
// ── after
async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
// ── add
    let mut at_it = self.workers.values_mut();
    if let Some(at_work) = at_it.find(|at_work| at_work.attempt.as_ref() == Some(&attempt)) {
        at_work.attempt = None;
    }
// ── end
