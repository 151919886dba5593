//! kind = "near-miss"
//! problem = 4
//! claim = "what comes twice counts once"
//! about = "The map phase is over when there were as many results as there are map tasks."
//! mistakes = ["counts-messages"]

// ── file manager.rs
// ── gap 0: fields of your own
/// How many map tasks of each job are done.
results: BTreeMap<JobId, usize>,
// ── end 0
// ── gap 0: first values of your fields
results: BTreeMap::new(),
// ── end 0
// ── gap 2: a task is done
self.has_answered(&worker, &attempt);
if let TaskId::Map(_) = attempt.task {
    *self.results.entry(attempt.job.clone()).or_default() += 1;
}
if self
    .task(&attempt)
    .is_some_and(|task| task.product.is_none())
{
    self.count(&attempt, product, ctx).await;
}
self.give_work(ctx).await;
// ── end 2
// ── gap 2: functions of your own
struct AtWork {
    monitor: Monitor,
    attempt: Option<Attempt>,
    is_idle: bool,
}

impl Manager {
    async fn give_work(&mut self, ctx: &Ctx<ManagerMsg>) {
        let idle = self
            .workers
            .iter()
            .filter(|(worker, at_work)| at_work.is_idle && self.may_work(worker.node()));
        let idle: Vec<_> = idle.map(|(worker, _)| worker.clone()).collect();
        for worker in idle {
            let next = |job: &Job| {
                let results = self.results.get(&job.id).copied().unwrap_or_default();
                next_task(job, results).map(|task| (job.id.clone(), task))
            };
            let Some((id, task)) = self.jobs.values().find_map(next) else {
                return;
            };
            self.assign(&id, task, &worker, ctx).await;
        }
    }

    async fn is_ready(&mut self, worker: Address<WorkerMsg>, ctx: &Ctx<ManagerMsg>) {
        let known = self.workers.entry(worker.clone());
        let known = known.or_insert_with_key(|worker| AtWork {
            monitor: ctx.monitor(worker),
            attempt: None,
            is_idle: true,
        });
        let attempt = known.attempt.clone();
        if attempt.is_none_or(|attempt| !self.is_running(&attempt))
            && let Some(at_work) = self.workers.get_mut(&worker)
        {
            at_work.attempt = None;
            at_work.is_idle = true;
        }
        self.give_work(ctx).await;
    }

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

    fn is_running(&mut self, attempt: &Attempt) -> bool {
        self.task(attempt)
            .is_some_and(|task| task.running.contains(&attempt.number))
    }

    fn give_up(&mut self, attempt: &Attempt) {
        if let Some(task) = self.task(attempt) {
            task.running.retain(|number| *number != attempt.number);
        }
    }

    fn task(&mut self, attempt: &Attempt) -> Option<&mut Task> {
        let job = self.jobs.get_mut(&attempt.job)?;
        job.outcome.is_none().then(|| job.task(attempt.task))?
    }
}

fn next_task(job: &Job, results: usize) -> Option<TaskId> {
    if job.outcome.is_some() {
        return None;
    }
    if let Some(map) = job.maps.iter().position(Task::is_waiting) {
        return Some(TaskId::Map(map));
    }
    let mapped = results >= job.maps.len();
    let reduce = job.reduces.iter().position(Task::is_waiting);
    reduce.filter(|_| mapped).map(TaskId::Reduce)
}

fn start_workers(ctx: &Ctx<ManagerMsg>) {
    ctx.watch_nodes();
    for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
        start_worker(node, ctx);
    }
}

fn start_worker(node: NodeName, ctx: &Ctx<ManagerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        let is_there = |me: &Ctx<ManagerMsg>| node == *me.name() || me.list().contains(&node);
        while is_there(&me) {
            let started = me
                .start_child(&WORKERS.at(&node), &WORKER, me.me().clone())
                .await;
            match started {
                Ok(_) | Err(StartChildError::Refused(_)) => return,
                Err(StartChildError::Call(_)) => tokio::time::sleep(ASK_AGAIN).await,
            }
        }
    });
}
// ── end 2
// ── gap 3: functions of your own
impl Manager {
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

    async fn node_went(&mut self, node: &NodeName, ctx: &Ctx<ManagerMsg>) {
        self.lose_outputs(node);
        self.give_work(ctx).await;
    }

    async fn crashed(&mut self, attempt: &Attempt, why: &str, ctx: &Ctx<ManagerMsg>) {
        let Some(task) = self.task(attempt) else {
            return;
        };
        task.crashes += 1;
        if task.crashes >= MOST_CRASHES {
            let what = match attempt.task {
                TaskId::Map(map) => self.jobs[&attempt.job].split(map).map(ToString::to_string),
                TaskId::Reduce(_) => None,
            };
            let what = what.unwrap_or_else(|| attempt.task.to_string());
            let why = format!("{what} was given up after {MOST_CRASHES} failed attempts: {why}");
            self.end(&attempt.job, Err(why), ctx).await;
        }
    }

    fn lose_outputs(&mut self, node: &NodeName) {
        for job in self.jobs.values_mut().filter(|job| job.outcome.is_none()) {
            for task in &mut job.maps {
                if task.map_output().is_some_and(|output| output.node == *node) {
                    task.product = None;
                    if let Some(results) = self.results.get_mut(&job.id) {
                        *results = results.saturating_sub(1);
                    }
                }
            }
        }
    }
}
// ── end 3
