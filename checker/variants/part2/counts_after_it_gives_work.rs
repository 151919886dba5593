//! kind = "near-miss"
//! problem = 2
//! claim = "every node takes part, also one that joins late"
//! about = "A worker that is done gets its next task before the result is counted, so nobody begins to reduce."

// ── file worker.rs
// ── gap 2: functions of your own
impl Worker {
    async fn ask_for_work(&self, ctx: &Ctx<WorkerMsg>) {
        let ready = ManagerMsg::Ready(ctx.me().clone());
        let _ = ctx.cast(&MANAGER.at(self.manager.node()), ready).await;
    }
}
// ── end 2
// ── file manager.rs
// ── gap 2: a task is done
self.has_answered(&worker, &attempt);
self.give_work(ctx).await;
if self
    .task(&attempt)
    .is_some_and(|task| task.product.is_none())
{
    self.count(&attempt, product, ctx).await;
}
// ── end 2
