//! kind = "near-miss"
//! problem = 2
//! claim = "every worker node finishes at least one reduce task"
//! about = "The manager gives a task only to the worker that has just finished one, and forgets workers that found no task."

// ── file manager.rs
// ── replace
    self.count(&attempt, product, ctx).await;
}
self.give_work(ctx).await;
// ── with
    self.count(&attempt, product, ctx).await;
}
self.give_work(ctx).await;
for at_work in self.workers.values_mut() {
    at_work.is_idle = false;
}
// ── end
// ── file worker.rs
// ── replace
ctx.send_after(ASK_INTERVAL, WorkerMsg::AskForWork);
// ── with
// ── end
