//! kind = "near-miss"
//! problem = 2
//! claim = "an idle node gets its next task at once"
//! about = "The manager gives out tasks when all earlier ones were answered."

// ── file manager.rs
// ── after
async fn give_work(&mut self, ctx: &Ctx<ManagerMsg>) {
// ── add
    let is_at_work = |job: &Job| {
        let mut tasks = job.maps.iter().chain(&job.reduces);
        job.outcome.is_none() && tasks.any(|task| !task.running.is_empty())
    };
    if self.jobs.values().any(is_at_work) {
        return;
    }
// ── end
