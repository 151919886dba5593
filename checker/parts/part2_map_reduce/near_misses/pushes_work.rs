//! kind = "right"
//! about = "Workers never ask. The manager knows the workers that it started, and pings those that do not answer in time."

// ── file manager.rs
// ── replace
Ok(_) | Err(StartChildError::Refused(_)) => return,
// ── with
Ok(worker) => return me.send_self(ManagerMsg::Ready(worker)),
Err(StartChildError::Refused(_)) => return,
// ── end
// ── after
async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
// ── add
    let mut workers = self.workers.iter();
    let overdue = workers.find(|(_, at_work)| at_work.attempt.as_ref() == Some(&attempt));
    if let Some((worker, _)) = overdue {
        ping_until_idle(worker.clone(), ctx);
    }
// ── end
// ── add
/// A worker that answers is through with all that it was told before.
fn ping_until_idle(worker: Address<WorkerMsg>, ctx: &Ctx<ManagerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        loop {
            match me.call_within(LEASE, &worker, WorkerMsg::Ping).await {
                Ok(()) => return me.send_self(ManagerMsg::Ready(worker)),
                Err(CallError::Timeout(_)) => {}
                // Its monitor tells the rest.
                Err(_) => return,
            }
        }
    });
}

use runtime::CallError;
// ── end
// ── file worker.rs
// ── replace
ctx.send_self(WorkerMsg::AskForWork);
// ── with
// ── end
