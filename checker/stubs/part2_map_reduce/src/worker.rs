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
        // TODO(2): the manager must learn of this worker. (If it keeps the address that `start_child`
        // returns, nothing is left to do here.)
        // ── end 2
        // ── gap 3: a manager ends
        // ── end 3
        Worker { manager }
    }

    async fn handle(&mut self, msg: WorkerMsg, ctx: &Ctx<WorkerMsg>) {
        match msg {
            WorkerMsg::Assign(assignment) => {
                // ── gap 2: do a task
                // TODO(2): you must do the task (`perform`), and send the manager `Finished` with the
                // product, or `Failed` with the error. Send it to the name, `MANAGER.at(…)`, so that a
                // restarted manager receives it too. A panic in the job's functions may end the worker.
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
            // TODO(3): a worker must end when its manager has ended.
            // ── end 3
            _ => {}
        }
    }
}
