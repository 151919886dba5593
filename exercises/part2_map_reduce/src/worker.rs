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
        // TODO(2): the manager must learn of this worker, unless it knows from having started it.
        // ── end 2
        // ── gap 3: a manager ends
        // ── end 3
        Worker { manager }
    }

    async fn handle(&mut self, msg: WorkerMsg, ctx: &Ctx<WorkerMsg>) {
        match msg {
            WorkerMsg::Assign(assignment) => {
                // ── gap 2: do a task
                // TODO(2): do it (`perform`), and tell the manager that it is `Finished`, or
                // `Failed` and why: by its name, `MANAGER.at(…)`, so that one that was started again
                // hears it, too. A panic of the job's functions may end the worker.
                todo!("TODO(2) do the task, and tell the manager")
                // ── end 2
            }
            // ── gap 2: messages of your own
            // ── end 2
            WorkerMsg::Ping(reply) => reply.send(()),
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<WorkerMsg>) {
        match info {
            // ── gap 3: a manager ended
            // TODO(3): a worker whose manager is gone is of no use to anybody, and should end.
            // ── end 3
            _ => {}
        }
    }
}
