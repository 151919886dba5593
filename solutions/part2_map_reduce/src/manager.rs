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
    workers: BTreeMap<Address<WorkerMsg>, AtWork>,
    // ── end 2
    // ── gap 5: what it knows of the network
    /// Nodes with outputs that another node could not fetch.
    distrusted: BTreeSet<NodeName>,
    // ── end 5
}

impl Server for Manager {
    type Msg = ManagerMsg;
    type Args = ();

    async fn init((): (), ctx: &Ctx<ManagerMsg>) -> Self {
        let jobs = BTreeMap::new();
        // ── gap 6: go on with what was begun
        let jobs = recover(jobs, ctx).await;
        if !jobs.is_empty() {
            start_workers(ctx);
        }
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
                // The first job starts the workers: a manager that gets no job starts none.
                if self.jobs.len() == 1 {
                    start_workers(ctx);
                }
                self.give_work(ctx).await;
                // ── end 2
            }
            ManagerMsg::Finished {
                attempt,
                worker,
                product,
            } => {
                // ── gap 2: a task is done
                // The manager finds the task by the id of its job, and counts the result only if the task
                // is not done yet. So a result that arrives twice, late, or from another job changes
                // nothing, and a result after its lease is as good as any.
                self.has_answered(&worker, &attempt);
                if self
                    .task(&attempt)
                    .is_some_and(|task| task.product.is_none())
                {
                    self.count(&attempt, product, ctx).await;
                }
                self.give_work(ctx).await;
                // ── end 2
            }
            ManagerMsg::Failed {
                attempt,
                worker,
                why,
            } => {
                // ── gap 5: an output could not be fetched
                // Either node may be at fault, and the manager cannot know which. So it believes the first
                // node that complains, and not a node that it distrusts already: else it would rule out
                // both of two nodes that cannot reach each other. Outputs on a distrusted node are
                // computed again, as if the node were dead.
                if let TaskError::Unfetched { output, .. } = &why
                    && !self.distrusted.contains(worker.node())
                {
                    self.lose_outputs(&output.node);
                    self.distrusted.insert(output.node.clone());
                }
                // ── end 5
                // ── gap 3: an attempt failed
                // A later attempt may be able to fetch. Any other failure, such as a file that cannot be
                // read, counts like a crash.
                if self.has_answered(&worker, &attempt)
                    && let TaskError::Failed(why) = &why
                {
                    self.crashed(&attempt, why, ctx).await;
                }
                self.give_work(ctx).await;
                // ── end 3
            }
            // ── gap 2: messages of your own
            ManagerMsg::Ready(worker) => self.is_ready(worker, ctx).await,
            // ── end 2
            // ── gap 4: messages of your own
            ManagerMsg::Expired(attempt) => self.expired(attempt, ctx).await,
            // ── end 4
            ManagerMsg::Status(id, reply) => reply.send(self.status(&id)),
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<ManagerMsg>) {
        match info {
            // ── gap 2: a node joins
            Info::NodeUp(node) => start_worker(node, ctx),
            // ── end 2
            // ── gap 3: a worker ends
            Info::Down { monitor, reason } => self.worker_ended(monitor, reason, ctx).await,
            // ── end 3
            // ── gap 3: a node goes
            Info::NodeDown(node) => self.node_down(&node, ctx).await,
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
        // Each start of this process, on any node, has another process id. A number alone would start at
        // 1 again after a crash, and the manager would take late messages about the former job 1 for
        // messages about this one.
        // (As a text, a process id shows only a part of its node's creation number.)
        let me = ctx.id();
        let start = format!("{}-{:x}-{}", me.node.short(), me.creation, me.serial);
        let id = JobId(format!("{start}.{}", self.jobs.len() + 1));
        // ── end 2
        let job = Job::new(id.clone(), spec)?;
        job.output.prepare().map_err(|error| error.to_string())?;
        // ── gap 5: a new job
        // In a new job, each node is trusted again.
        self.distrusted.clear();
        // ── end 5
        // ── gap 6: write a job down
        write_down(&Entry::Accepted(id.clone(), job.spec.clone()), ctx).await;
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
        // A lease, and not a look at the worker: a worker that is alive may never have received this.
        ctx.send_after(LEASE, ManagerMsg::Expired(attempt.clone()));
        // ── end 4
        // ── gap 2: a worker has something to do
        if let Some(at_work) = self.workers.get_mut(worker) {
            at_work.attempt = Some(attempt);
            at_work.is_idle = false;
        }
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
        write_down(&Entry::Done(attempt.clone(), product.clone()), ctx).await;
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
        if let Some(outcome) = &job.outcome {
            write_down(&Entry::Over(id.clone(), outcome.clone()), ctx).await;
        }
        // ── end 6
        let forget = PartitionsMsg::Forget(id.clone());
        let _ = ctx.abcast(&PARTITIONS, forget).await;
    }

    /// Whether the workers of a node get tasks.
    fn may_work(&self, node: &NodeName) -> bool {
        // ── gap 5: which nodes may work
        // A distrusted worker is better than none.
        let trusted = |worker: &Address<WorkerMsg>| !self.distrusted.contains(worker.node());
        if self.distrusted.contains(node) && self.workers.keys().any(trusted) {
            return false;
        }
        // ── end 5
        true
    }
}

// ── gap 2: functions of your own
/// What the manager knows of a worker.
struct AtWork {
    monitor: Monitor,
    /// The attempt that it was given, until it answers.
    attempt: Option<Attempt>,
    /// Whether it has no task, as far as the manager knows.
    is_idle: bool,
}

impl Manager {
    /// Gives each idle worker a task, as long as tasks wait. The manager calls this after every change, so
    /// that it never has to know which worker waited for which change.
    async fn give_work(&mut self, ctx: &Ctx<ManagerMsg>) {
        let idle = self
            .workers
            .iter()
            .filter(|(worker, at_work)| at_work.is_idle && self.may_work(worker.node()));
        let idle: Vec<_> = idle.map(|(worker, _)| worker.clone()).collect();
        for worker in idle {
            let next = |job: &Job| next_task(job).map(|task| (job.id.clone(), task));
            let Some((id, task)) = self.jobs.values().find_map(next) else {
                return;
            };
            self.assign(&id, task, &worker, ctx).await;
        }
    }

    /// A worker has asked for work.
    async fn is_ready(&mut self, worker: Address<WorkerMsg>, ctx: &Ctx<ManagerMsg>) {
        let known = self.workers.entry(worker.clone());
        let known = known.or_insert_with_key(|worker| AtWork {
            monitor: ctx.monitor(worker),
            attempt: None,
            is_idle: true,
        });
        // A worker with an attempt that still runs had asked before the assignment arrived. If the
        // manager has given the attempt up, the assignment was lost, or its result was.
        let attempt = known.attempt.clone();
        if attempt.is_none_or(|attempt| !self.is_running(&attempt))
            && let Some(at_work) = self.workers.get_mut(&worker)
        {
            at_work.attempt = None;
            at_work.is_idle = true;
        }
        self.give_work(ctx).await;
    }

    /// A worker has answered an attempt. Says whether that was its present attempt, so that it is idle
    /// now: an answer that arrives twice, or too late, says nothing about what the worker does.
    fn has_answered(&mut self, worker: &Address<WorkerMsg>, attempt: &Attempt) -> bool {
        self.give_up(attempt);
        match self.workers.get_mut(worker) {
            Some(at_work) if at_work.attempt.as_ref() == Some(attempt) => {
                at_work.attempt = None;
                at_work.is_idle = true;
                true
            }
            _ => false,
        }
    }

    /// Whether the manager still waits for this attempt.
    fn is_running(&mut self, attempt: &Attempt) -> bool {
        self.task(attempt)
            .is_some_and(|task| task.running.contains(&attempt.number))
    }

    /// The manager no longer waits for this attempt.
    fn give_up(&mut self, attempt: &Attempt) {
        if let Some(task) = self.task(attempt) {
            task.running.retain(|number| *number != attempt.number);
        }
    }

    /// The task of an attempt, if its job is known and not over.
    fn task(&mut self, attempt: &Attempt) -> Option<&mut Task> {
        let job = self.jobs.get_mut(&attempt.job)?;
        job.outcome.is_none().then(|| job.task(attempt.task))?
    }
}

/// A task that waits for a worker. Map tasks come first, and reduce tasks only when all map tasks are
/// done: a reduce task that begins earlier misses the output that comes later.
fn next_task(job: &Job) -> Option<TaskId> {
    if job.outcome.is_some() {
        return None;
    }
    if let Some(map) = job.maps.iter().position(Task::is_waiting) {
        return Some(TaskId::Map(map));
    }
    let mapped = job.maps.iter().all(|task| task.product.is_some());
    let reduce = job.reduces.iter().position(Task::is_waiting);
    reduce.filter(|_| mapped).map(TaskId::Reduce)
}

/// Starts a worker on each node, including this one.
fn start_workers(ctx: &Ctx<ManagerMsg>) {
    // In this order, the manager learns of a node that joins in between, perhaps twice.
    ctx.watch_nodes();
    for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
        start_worker(node, ctx);
    }
}

/// Starts a worker on a node, beside the manager, since the node may take long to answer. The worker
/// reports by itself. If the node goes, this ends, and `NodeUp` starts it again.
fn start_worker(node: NodeName, ctx: &Ctx<ManagerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        let is_there = |me: &Ctx<ManagerMsg>| node == *me.name() || me.list().contains(&node);
        while is_there(&me) {
            let started = me
                .start_child(&WORKERS.at(&node), &WORKER, me.me().clone())
                .await;
            match started {
                // The node runs another program, and will do so at the next try.
                Ok(_) | Err(StartChildError::Refused(_)) => return,
                Err(StartChildError::Call(_)) => tokio::time::sleep(ASK_INTERVAL).await,
            }
        }
    });
}
// ── end 2

// ── gap 3: functions of your own
impl Manager {
    /// A worker ended, or its node went. If the node went, this is no crash of the task, and the manager
    /// cannot start another worker there now.
    async fn worker_ended(&mut self, monitor: Monitor, reason: ExitReason, ctx: &Ctx<ManagerMsg>) {
        let ended = self
            .workers
            .iter()
            .find(|(_, at_work)| at_work.monitor == monitor);
        let Some(worker) = ended.map(|(worker, _)| worker.clone()) else {
            return;
        };
        let attempt = self.workers.remove(&worker).and_then(|ended| ended.attempt);
        if let Some(attempt) = &attempt {
            self.give_up(attempt);
            if reason != ExitReason::NodeDown {
                self.crashed(attempt, &reason.to_string(), ctx).await;
            }
        }
        if reason != ExitReason::NodeDown {
            start_worker(worker.node().clone(), ctx);
        }
        self.give_work(ctx).await;
    }

    /// A node went, and its map output is lost, even of tasks that were done. Waiting until a reduce task
    /// cannot fetch it would work too, and take longer.
    async fn node_down(&mut self, node: &NodeName, ctx: &Ctx<ManagerMsg>) {
        self.lose_outputs(node);
        self.give_work(ctx).await;
    }

    /// An attempt failed by itself. Some failures come every time, so the manager must not retry forever.
    async fn crashed(&mut self, attempt: &Attempt, why: &str, ctx: &Ctx<ManagerMsg>) {
        let Some(task) = self.task(attempt) else {
            return;
        };
        task.crashes += 1;
        if task.crashes >= MAX_CRASHES {
            let what = match attempt.task {
                TaskId::Map(map) => self.jobs[&attempt.job].split(map).map(ToString::to_string),
                TaskId::Reduce(_) => None,
            };
            let what = what.unwrap_or_else(|| attempt.task.to_string());
            let why = format!("{what} was given up after {MAX_CRASHES} failed attempts: {why}");
            self.end(&attempt.job, Err(why), ctx).await;
        }
    }

    /// The map output on a node is lost: other attempts must compute it again.
    fn lose_outputs(&mut self, node: &NodeName) {
        for job in self.jobs.values_mut().filter(|job| job.outcome.is_none()) {
            for task in &mut job.maps {
                if task.map_output().is_some_and(|output| output.node == *node) {
                    task.product = None;
                }
            }
        }
    }
}
// ── end 3

// ── gap 4: functions of your own
impl Manager {
    /// The lease of an attempt has ended. The assignment was lost, or the result was, or the worker is slow:
    /// the manager cannot know which, and retries. The worker gets no other task until it reports.
    async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
        self.give_up(&attempt);
        self.give_work(ctx).await;
    }
}
// ── end 4
// ── gap 6: functions of your own
/// What a manager must know after a crash.
#[derive(Debug, Serialize, Deserialize)]
enum Entry {
    /// There is this job.
    Accepted(JobId, JobSpec),
    /// The result of this attempt counts.
    Done(Attempt, Product),
    /// The job has ended.
    Over(JobId, Result<Summary, String>),
}

/// Writes down what a restarted manager must know, before this manager acts on it.
async fn write_down(entry: &Entry, ctx: &Ctx<ManagerMsg>) {
    let _ = Journal::append(ctx, entry).await;
}

/// The jobs of this manager before its restart, as they stood. Attempts that were running are
/// treated as not begun; if such an attempt still sends a result, the result counts.
async fn recover(mut jobs: BTreeMap<JobId, Job>, ctx: &Ctx<ManagerMsg>) -> BTreeMap<JobId, Job> {
    for entry in Journal::read(ctx).await.unwrap_or_default() {
        match entry {
            Entry::Accepted(id, spec) => {
                if let Ok(job) = Job::new(id.clone(), spec) {
                    jobs.insert(id, job);
                }
            }
            Entry::Done(attempt, product) => {
                let job = jobs.get_mut(&attempt.job);
                if let Some(task) = job.and_then(|job| job.task(attempt.task)) {
                    task.product = Some(product);
                }
            }
            Entry::Over(id, outcome) => {
                if let Some(job) = jobs.get_mut(&id) {
                    job.outcome = Some(outcome);
                }
            }
        }
    }
    let here = |node: &NodeName| node == ctx.name() || ctx.list().contains(node);
    for job in jobs.values_mut().filter(|job| job.outcome.is_none()) {
        for task in &mut job.maps {
            if task.map_output().is_some_and(|output| !here(&output.node)) {
                task.product = None;
            }
        }
        job.note_progress();
        if job.reduces.iter().all(|task| task.product.is_some()) {
            job.complete();
        }
    }
    jobs
}
// ── end 6
