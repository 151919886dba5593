//! The worker: does one task after the other, and says what came of each.

use batch::perform;
use runtime::{Address, Ctx, ExitReason, Info, Server};

use crate::protocol::{ASK_AGAIN, Assignment, MANAGER, ManagerMsg, WorkerMsg};

/// A worker.
pub struct Worker {
    /// The manager that it was started by.
    manager: Address<ManagerMsg>,
    // ── gap 0: fields of your own
    // ── end 0
}

impl Server for Worker {
    type Msg = WorkerMsg;
    /// The manager that starts it.
    type Args = Address<ManagerMsg>;

    async fn init(manager: Address<ManagerMsg>, ctx: &Ctx<WorkerMsg>) -> Self {
        // ── gap 2: a worker starts
        // ── end 2
        // ── gap 3: a manager ends
        // ── end 3
        // ── gap 0: whatever else is to do at the start
        // ── end 0
        Worker {
            manager,
            // ── gap 0: first values of your fields
            // ── end 0
        }
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
            // ── gap 0: messages of your own
            // ── end 0
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<WorkerMsg>) {
        match info {
            // ── gap 3: a manager ended
            // TODO(3): a worker whose manager is gone is of no use to anybody, and should end.
            // ── end 3
            // ── gap 0: other news from the runtime
            // ── end 0
            _ => {}
        }
    }
}

// ── gap 2: functions of your own
// ── end 2
// ── gap 0: functions of your own
// ── end 0
