//! The worker: does one task after another, and reports the result of each.

use batch::perform;
use runtime::{Address, ChildKind, Ctx, ExitReason, Info, Server};

use crate::protocol::{ASK_INTERVAL, Assignment, MANAGER, ManagerMsg, WorkerMsg};

/// What the supervisor of the workers starts. It does not restart a worker that crashes: the manager that asked for
/// the worker can monitor it, and decides.
pub const WORKER: ChildKind<Worker> = ChildKind::new("worker");

/// A worker.
pub struct Worker {
    /// The manager that started it.
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
                // All other messages to this worker wait until the task is done, so it has one task at
                // a time. A panic of the job's functions ends the worker on purpose: its state is
                // unknown. The result goes to the manager's name, and not to the process that started
                // this worker: the manager may have restarted meanwhile.
                let Assignment {
                    attempt,
                    work,
                    kind,
                    experiment,
                    manager,
                } = assignment;
                let worker = ctx.me().clone();
                let report = match perform(ctx, &kind, &attempt, &work, experiment).await {
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
                let _ = ctx.cast(&MANAGER.at(manager), report).await;
                // ── end 2
            }
            // ── gap 2: messages of your own
            WorkerMsg::AskForWork => {
                // The worker repeats this, since the message may be lost, and so may the answer. A busy
                // worker handles it later.
                let ready = ManagerMsg::Ready(ctx.me().clone());
                let _ = ctx.cast(&MANAGER.at(self.manager.node()), ready).await;
                ctx.send_after(ASK_INTERVAL, WorkerMsg::AskForWork);
            }
            // ── end 2
            WorkerMsg::Ping(reply) => reply.send(()),
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<WorkerMsg>) {
        match info {
            // ── gap 3: a manager ended
            // The manager has died or is out of reach. A restarted manager, or this one when it is back,
            // starts new workers. This message waits behind the present task, so the worker first
            // finishes and reports that task.
            Info::Down { .. } => ctx.stop(ExitReason::Normal),
            // ── end 3
            _ => {}
        }
    }
}
