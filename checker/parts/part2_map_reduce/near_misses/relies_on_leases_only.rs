//! kind = "right"
//! about = "The manager ignores workers that end and nodes that go. It pings overdue workers, and learns of lost outputs when a worker cannot fetch them."

// ── file manager.rs
// ── after
ManagerMsg::Status(id, reply) => reply.send(self.status(&id)),
// ── add
ManagerMsg::Gone { worker, attempt, crash } => {
    self.workers.remove(&worker);
    if let Some(why) = crash {
        self.crashed(&attempt, &why, ctx).await;
        start_worker(worker.node().clone(), ctx);
    }
    self.give_work(ctx).await;
}
// ── end
// ── replace
Info::Down { monitor, reason } => self.worker_ended(monitor, reason, ctx).await,
Info::NodeDown(node) => self.node_down(&node, ctx).await,
// ── with
// ── end
// ── after
async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
// ── add
    let mut workers = self.workers.iter();
    let overdue = workers.find(|(_, at_work)| at_work.attempt.as_ref() == Some(&attempt));
    if let Some((worker, _)) = overdue {
        look_after(worker.clone(), attempt.clone(), ctx);
    }
// ── end
// ── add
/// Pings a worker until it answers, and is idle, or is gone.
fn look_after(worker: Address<WorkerMsg>, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        let crash = loop {
            match me.call_within(LEASE, &worker, WorkerMsg::Ping).await {
                Ok(()) => return me.send_self(ManagerMsg::Ready(worker)),
                Err(CallError::Timeout(_)) => {}
                Err(error @ (CallError::Exited(_) | CallError::NoProcess(_))) => {
                    break Some(error.to_string());
                }
                Err(_) => break None,
            }
        };
        me.send_self(ManagerMsg::Gone { worker, attempt, crash });
    });
}

use runtime::CallError;
// ── end
// ── file protocol.rs
// ── after
Expired(Attempt),
// ── add
Gone { worker: Address<WorkerMsg>, attempt: Attempt, crash: Option<String> },
// ── end
