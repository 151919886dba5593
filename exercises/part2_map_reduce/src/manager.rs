//! The manager: takes jobs, hands out their tasks, and sees to it that each counts once.

use std::collections::{BTreeMap, BTreeSet};

use batch::{Attempt, JobId, Journal, PARTITIONS, PartitionsMsg, Product, TaskError, TaskId};
use runtime::{Address, Ctx, ExitReason, Info, Monitor, NodeName, Server, StartChildError};
use serde::{Deserialize, Serialize};

use crate::job::{Job, Task};
use crate::protocol::{
    ASK_AGAIN, JobSpec, JobStatus, LEASE, MOST_CRASHES, ManagerMsg, Summary, WORKER, WORKERS,
    WorkerMsg,
};

/// The manager of one node.
#[derive(Default)]
pub struct Manager {
    /// The jobs that it was given, also those that are over.
    jobs: BTreeMap<JobId, Job>,
    // ── gap 2: what it knows of its workers
    // TODO(2): what it must know of its workers.
    // ── end 2
    // ── gap 5: what it knows of the network
    // TODO(5): what it must know of who reaches whom.
    // ── end 5
}

impl Server for Manager {
    type Msg = ManagerMsg;
    type Args = ();

    async fn init((): (), ctx: &Ctx<ManagerMsg>) -> Self {
        let jobs = BTreeMap::new();
        // ── gap 6: go on with what was begun
        // TODO(6): after a crash, the manager starts here again, and has forgotten everything. The
        // jobs that it was given must go on under their ids, and those that are over must still be
        // known. Map tasks that were done are not done again, unless their node is gone. The node's
        // journal (`Journal::append`, `Journal::read`) survives a crash of the manager.
        // ── end 6
        Manager {
            jobs,
            ..Manager::default()
        }
    }

    async fn handle(&mut self, msg: ManagerMsg, ctx: &Ctx<ManagerMsg>) {
        match msg {
            ManagerMsg::Submit(spec, reply) => {
                let accepted = self.accept(spec, ctx).await;
                reply.send(accepted);
                // ── gap 2: begin with a job
                // TODO(2): see to it that there is a worker on each connected node, and on nodes that
                // join later (`ctx.start_child(&WORKERS.at(&node), &WORKER, ctx.me().clone())`; this
                // node may have one, too), and that each of them always has something to do while tasks
                // wait: map tasks first, and reduce tasks when all map tasks are done.
                todo!("TODO(2) start workers and give them tasks")
                // ── end 2
            }
            ManagerMsg::Finished {
                attempt,
                worker,
                product,
            } => {
                // ── gap 2: a task is done
                // TODO(2): count it (`self.count`), take the attempt out of its task's `running` (`count`
                // does not), and give each worker that has nothing to do a task.
                // Mind for later that a result may come twice, late, or from another job.
                todo!("TODO(2) count what was done, and go on")
                // ── end 2
            }
            ManagerMsg::Failed {
                attempt,
                worker,
                why,
            } => {
                // ── gap 5: an output could not be fetched
                // TODO(5): two workers may not reach each other although you reach both, and a node
                // that stands still answers nobody. Neither may hold up the job: see that there is an
                // output which can be fetched, or that somebody else reduces.
                // ── end 5
                // ── gap 3: an attempt failed
                // TODO(3): the task must be tried again. If it is not an output that could not be
                // fetched, but the task itself that goes wrong each time, then not for ever: see below.
                // ── end 3
            }
            // ── gap 2: messages of your own
            // TODO(2): what is done with messages of your own, if there are any.
            // ── end 2
            // ── gap 4: messages of your own
            // TODO(4): what is done when an attempt has taken too long.
            // ── end 4
            ManagerMsg::Status(id, reply) => reply.send(self.status(&id)),
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<ManagerMsg>) {
        match info {
            // ── gap 2: a node joins
            // TODO(2): a node that joins gets a worker, too (`Info::NodeUp`).
            // ── end 2
            // ── gap 3: a worker ends
            // TODO(3): when a worker crashes, its task is tried again, and its node gets another
            // worker. A task that has crashed `MOST_CRASHES` times is given up, and with it the job:
            // `self.end` with an error that names the split. That a node went is not the task's
            // crash. (Monitor the workers: `ctx.monitor(&worker)`.)
            // ── end 3
            // ── gap 3: a node goes
            // TODO(3): when a node goes, so does what map tasks have left there, also of tasks that
            // are done. As long as a reduce task needs it, it must be computed again elsewhere.
            // ── end 3
            _ => {}
        }
    }
}

/// What a manager does with jobs. Given, but for the gaps in it.
impl Manager {
    /// Takes a job, of which nothing is done yet.
    async fn accept(&mut self, spec: JobSpec, ctx: &Ctx<ManagerMsg>) -> Result<JobId, String> {
        // ── gap 2: a job's id
        // TODO(2): an id that no job has ever had or will have, also if this manager crashes and
        // starts again, or its node does.
        let id: JobId = todo!("TODO(2) choose an id for the job");
        // ── end 2
        let job = Job::new(id.clone(), spec)?;
        job.output.prepare().map_err(|error| error.to_string())?;
        // ── gap 5: a new job
        // ── end 5
        // ── gap 6: write a job down
        // TODO(6): see `init`.
        // ── end 6
        self.jobs.insert(id.clone(), job);
        Ok(id)
    }

    /// How a job stands.
    fn status(&self, id: &JobId) -> JobStatus {
        self.jobs.get(id).map_or(JobStatus::Unknown, Job::status)
    }

    /// Gives a task to a worker.
    async fn assign(
        &mut self,
        id: &JobId,
        task: TaskId,
        worker: &Address<WorkerMsg>,
        ctx: &Ctx<ManagerMsg>,
    ) {
        let Some(job) = self.jobs.get_mut(id) else {
            return;
        };
        let assignment = job.next_attempt(task, ctx.name());
        let attempt = assignment.attempt.clone();
        if let Some(task) = job.task(task) {
            task.running.push(attempt.number);
        }
        let _ = ctx.cast(worker, WorkerMsg::Assign(assignment)).await;
        // ── gap 4: an attempt has begun
        // TODO(4): the assignment may be lost, and so may the answer. When the attempt has not been
        // answered within `LEASE`, the task must be tried again. Two results may come then; the first
        // counts. A worker may be alive and idle although it never answered.
        // ── end 4
        // ── gap 2: a worker has something to do
        // TODO(2): from now on, this worker is busy.
        // ── end 2
    }

    /// Counts what came of an attempt: its task is done. With the last reduce task the job is over.
    async fn count(&mut self, attempt: &Attempt, product: Product, ctx: &Ctx<ManagerMsg>) {
        let Some(job) = self.jobs.get_mut(&attempt.job) else {
            return;
        };
        // The one moment at which the output changes. If the file is not there, nothing counts.
        if let Product::Reduce(output, _) = &product
            && job.output.commit(output.partition, &output.file).is_err()
        {
            return;
        }
        // ── gap 6: write a result down
        // TODO(6): see `init`.
        // ── end 6
        if let Some(task) = job.task(attempt.task) {
            task.product = Some(product);
        }
        job.note_progress();
        if job.reduces.iter().all(|task| task.product.is_some()) {
            self.end(&attempt.job, Ok(()), ctx).await;
        }
    }

    /// Ends a job: its output is shown, or what there is of it removed.
    async fn end(&mut self, id: &JobId, outcome: Result<(), String>, ctx: &Ctx<ManagerMsg>) {
        let Some(job) = self.jobs.get_mut(id) else {
            return;
        };
        match outcome {
            Ok(()) => job.complete(),
            Err(why) => job.fail(why),
        }
        // ── gap 6: write the end down
        // TODO(6): see `init`.
        // ── end 6
        let forget = PartitionsMsg::Forget(id.clone());
        let _ = ctx.abcast(&PARTITIONS, forget).await;
    }

    /// Whether the workers of a node are to be given tasks.
    fn may_work(&self, node: &NodeName) -> bool {
        // ── gap 5: who may work
        // TODO(5): a place to rule a node out, if you want to (and call this).
        // ── end 5
        true
    }
}

// ── gap 2: functions of your own
// ── end 2

// ── gap 3: functions of your own
// ── end 3

// ── gap 4: functions of your own
// ── end 4
// ── gap 6: functions of your own
// ── end 6
