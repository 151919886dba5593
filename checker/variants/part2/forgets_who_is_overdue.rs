//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "A worker whose lease is over is at nothing any more, so that it can crash as often as it likes if it takes its time."

// ── file manager.rs
// ── gap 4: functions of your own
impl Manager {
    async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
        let mut at_it = self.workers.values_mut();
        if let Some(at_work) = at_it.find(|at_work| at_work.attempt.as_ref() == Some(&attempt)) {
            at_work.attempt = None;
        }
        self.give_up(&attempt);
        self.give_work(ctx).await;
    }
}
// ── end 4
