//! kind = "near-miss"
//! problem = 2
//! claim = "every worker node finishes at least one reduce task"
//! about = "A worker that finds no task waiting is not thought of again: only the one that has just finished gets a task."
//! mistakes = ["forgets-idle-workers"]

// ── file manager.rs
// ── gap 2: a task is done
self.has_answered(&worker, &attempt);
if self
    .task(&attempt)
    .is_some_and(|task| task.product.is_none())
{
    self.count(&attempt, product, ctx).await;
}
self.give_work(ctx).await;
for at_work in self.workers.values_mut() {
    at_work.is_idle = false;
}
// ── end 2
// ── file worker.rs
// ── gap 2: functions of your own
impl Worker {
    async fn ask_for_work(&self, ctx: &Ctx<WorkerMsg>) {
        let ready = ManagerMsg::Ready(ctx.me().clone());
        let _ = ctx.cast(&MANAGER.at(self.manager.node()), ready).await;
    }
}
// ── end 2
