//! The worker: does one task after the other, and says what came of each.

use batch::perform;
use runtime::{Address, Ctx, ExitReason, Info, Server};

use crate::protocol::{ASK_AGAIN, Assignment, MANAGER, ManagerMsg, WorkerMsg};

/// A worker.
pub struct Worker {
    /// The manager that it was started by.
    manager: Address<ManagerMsg>,
}

impl Server for Worker {
    type Msg = WorkerMsg;
    /// The manager that starts it.
    type Args = Address<ManagerMsg>;

    async fn init(manager: Address<ManagerMsg>, ctx: &Ctx<WorkerMsg>) -> Self {
        // ── gap 2: a worker starts
        ctx.send_self(WorkerMsg::AskForWork);
        // ── end 2
        // ── gap 3: a manager ends
        ctx.monitor(&manager);
        // ── end 3
        Worker { manager }
    }

    async fn handle(&mut self, msg: WorkerMsg, ctx: &Ctx<WorkerMsg>) {
        match msg {
            WorkerMsg::Assign(assignment) => {
                // ── gap 2: do a task
                // Everything else that this worker is told waits until the task is done, so it has
                // one at a time. A panic of the job's functions ends the worker, on purpose: who
                // knows what state it is in. The manager's name is told, not the manager that
                // started us: the one who is there when we are done.
                let Assignment {
                    attempt,
                    work,
                    kind,
                    experiment,
                    manager,
                } = assignment;
                let worker = ctx.me().clone();
                let told = match perform(ctx, &kind, &attempt, &work, experiment).await {
                    Ok(product) => ManagerMsg::Finished {
                        attempt,
                        worker,
                        product,
                    },
                    Err(why) => ManagerMsg::Failed {
                        attempt,
                        worker,
                        why,
                    },
                };
                let _ = ctx.cast(&MANAGER.at(manager), told).await;
                // ── end 2
            }
            // ── gap 2: messages of your own
            WorkerMsg::AskForWork => {
                // Again and again: each of these messages may be lost, and so may the answer. A
                // worker that is busy does not get round to it.
                let ready = ManagerMsg::Ready(ctx.me().clone());
                let _ = ctx.cast(&MANAGER.at(self.manager.node()), ready).await;
                ctx.send_after(ASK_AGAIN, WorkerMsg::AskForWork);
            }
            // ── end 2
            WorkerMsg::Ping(reply) => reply.send(()),
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<WorkerMsg>) {
        match info {
            // ── gap 3: a manager ended
            // Dead or out of reach: its successor, or it itself when it can reach us again, starts
            // workers anew. What we are at is finished and told first, for this waits behind it.
            Info::Down { .. } => ctx.stop(ExitReason::Normal),
            // ── end 3
            _ => {}
        }
    }
}
