//! The manager: takes jobs, gives out their tasks, and counts each task once.

use std::collections::{BTreeMap, BTreeSet};

use batch::{Attempt, JobId, Journal, PARTITIONS, PartitionsMsg, Product, TaskError, TaskId};
use runtime::{Address, Ctx, ExitReason, Info, Monitor, NodeName, Server, StartChildError};
use serde::{Deserialize, Serialize};

use crate::job::{Job, Task};
use crate::protocol::{
    ASK_INTERVAL, JobSpec, JobStatus, LEASE, MAX_CRASHES, ManagerMsg, Summary, WORKERS, WorkerMsg,
};
use crate::worker::WORKER;

/// The manager of one node.
#[derive(Default)]
pub struct Manager {
    /// The jobs that it was given, including finished ones.
    jobs: BTreeMap<JobId, Job>,
    // ── gap 2: what it knows of its workers
    // TODO(2): the fields that record what each worker does.
    // ── end 2
    // ── gap 5: what it knows of the network
    // TODO(5): the fields that record which nodes cannot reach each other, if you need any.
    // ── end 5
}

impl Server for Manager {
    type Msg = ManagerMsg;
    type Args = ();

    async fn init((): (), ctx: &Ctx<ManagerMsg>) -> Self {
        let jobs = BTreeMap::new();
        // ── gap 6: go on with what was begun
        // TODO(6): after a crash, the manager starts here again, with no memory. It must continue its jobs
        // under their ids, and still know the finished jobs. It must not repeat map tasks that were
        // done, unless their node is gone. The node's journal (`Journal::append`, `Journal::read`)
        // survives a crash of the manager.
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
                // TODO(2): each connected node must have a worker, and so must nodes that join later
                // (`ctx.start_child(&WORKERS.at(&node), &WORKER, ctx.me().clone())`; this node may have
                // one too). Each worker must have a task as long as tasks wait: map tasks first, and
                // reduce tasks when all map tasks are done. A job may have no map task at all.
                todo!("TODO(2) start workers and give them tasks")
                // ── end 2
            }
            ManagerMsg::Finished {
                attempt,
                worker,
                product,
            } => {
                // ── gap 2: a task is done
                // TODO(2): you must count the result (`self.count`), remove the attempt from its task's
                // `running` (`count` does not), and give each idle worker a task.
                // In problem 4, a result may arrive twice, late, or from another job.
                todo!("TODO(2) count what was done, and go on")
                // ── end 2
            }
            ManagerMsg::Failed {
                attempt,
                worker,
                why,
            } => {
                // ── gap 5: an output could not be fetched
                // TODO(5): two workers may be unable to reach each other even though the manager reaches both,
                // and a paused node answers no one. Neither may delay the job: the output must be computed
                // where the worker can fetch it, or another worker must reduce.
                // ── end 5
                // ── gap 3: an attempt failed
                // TODO(3): the manager must retry the task. A failure of the task itself must count like a
                // crash, and a failed fetch of an output must not: see below.
                // ── end 3
            }
            // ── gap 2: messages of your own
            // TODO(2): handle messages of your own, if there are any.
            // ── end 2
            // ── gap 4: messages of your own
            // TODO(4): handle the end of a lease.
            // ── end 4
            ManagerMsg::Status(id, reply) => reply.send(self.status(&id)),
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<ManagerMsg>) {
        match info {
            // ── gap 2: a node joins
            // TODO(2): a node that joins must get a worker too (`Info::NodeUp`).
            // ── end 2
            // ── gap 3: a worker ends
            // TODO(3): when a worker crashes, the manager must retry its task, and its node must get another
            // worker. When a task has crashed `MAX_CRASHES` times, the manager must give up the task's job:
            // `self.end` with an error that names the split. The loss of a node is not a crash of a task.
            // (Monitor the workers: `ctx.monitor(&worker)`.)
            // ── end 3
            // ── gap 3: a node goes
            // TODO(3): when a node goes down, its map output is lost, even that of tasks that are done. As long as a
            // reduce task needs it, another node must compute it again.
            // ── end 3
            _ => {}
        }
    }
}

/// What a manager does with jobs. Given, except for the gaps in it.
impl Manager {
    /// Accepts a new job.
    async fn accept(&mut self, spec: JobSpec, ctx: &Ctx<ManagerMsg>) -> Result<JobId, String> {
        // ── gap 2: a job's id
        // TODO(2): the id must differ from that of every other job, even after this manager or its node
        // restarts.
        let id: JobId = todo!("TODO(2) choose an id for the job");
        // ── end 2
        let job = Job::new(id.clone(), spec)?;
        job.output.prepare().map_err(|error| error.to_string())?;
        // ── gap 5: a new job
        // ── end 5
        // ── gap 6: write a job down
        // TODO(6): write down what `init` needs.
        // ── end 6
        self.jobs.insert(id.clone(), job);
        Ok(id)
    }

    /// The state of a job.
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
        // TODO(4): the assignment may be lost, and so may the result. If no result has arrived after
        // `LEASE`, the manager must retry the task. Two results may arrive then, and one must count. A
        // worker may be alive and idle even if it never answered.
        // ── end 4
        // ── gap 2: a worker has something to do
        // TODO(2): note that this worker is busy.
        // ── end 2
    }

    /// Counts the result of an attempt: its task is done. The last reduce task ends the job.
    async fn count(&mut self, attempt: &Attempt, product: Product, ctx: &Ctx<ManagerMsg>) {
        let Some(job) = self.jobs.get_mut(&attempt.job) else {
            return;
        };
        // Only here does the output change. If the file is not there, the result does not count.
        if let Product::Reduce(output, _) = &product
            && job.output.commit(output.partition, &output.file).is_err()
        {
            return;
        }
        // ── gap 6: write a result down
        // TODO(6): write down what `init` needs.
        // ── end 6
        if let Some(task) = job.task(attempt.task) {
            task.product = Some(product);
        }
        job.note_progress();
        if job.reduces.iter().all(|task| task.product.is_some()) {
            self.end(&attempt.job, Ok(()), ctx).await;
        }
    }

    /// Ends a job: its output appears, or the part of it that exists is removed.
    async fn end(&mut self, id: &JobId, outcome: Result<(), String>, ctx: &Ctx<ManagerMsg>) {
        let Some(job) = self.jobs.get_mut(id) else {
            return;
        };
        match outcome {
            Ok(()) => job.complete(),
            Err(why) => job.fail(why),
        }
        // ── gap 6: write the end down
        // TODO(6): write down what `init` needs.
        // ── end 6
        let forget = PartitionsMsg::Forget(id.clone());
        let _ = ctx.abcast(&PARTITIONS, forget).await;
    }

    /// Whether the workers of a node get tasks.
    fn may_work(&self, node: &NodeName) -> bool {
        // ── gap 5: which nodes may work
        // TODO(5): rule out a node here, if you need to, and call this function.
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
