//! kind = "near-miss"
//! problem = 4
//! claim = "lost assignments and results"
//! about = "A worker asks for work once, and if its answer is lost it never gets any more."

// ── file worker.rs
// ── gap 2: functions of your own
impl Worker {
    async fn ask_for_work(&self, ctx: &Ctx<WorkerMsg>) {
        let ready = ManagerMsg::Ready(ctx.me().clone());
        let _ = ctx.cast(&MANAGER.at(self.manager.node()), ready).await;

    }
}
// ── end 2
