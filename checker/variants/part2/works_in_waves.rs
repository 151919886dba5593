//! kind = "near-miss"
//! problem = 2
//! claim = "a node that is done gets its next task at once"
//! about = "Tasks are given out when all earlier ones were answered."
//! mistakes = ["works-in-waves"]

// ── file manager.rs
// ── gap 2: functions of your own
struct AtWork {
    monitor: Monitor,
    attempt: Option<Attempt>,
    is_idle: bool,
}

impl Manager {
    async fn give_work(&mut self, ctx: &Ctx<ManagerMsg>) {
        let is_at_work = |job: &Job| {
            let mut tasks = job.maps.iter().chain(&job.reduces);
            job.outcome.is_none() && tasks.any(|task| !task.running.is_empty())
        };
        if self.jobs.values().any(is_at_work) {
            return;
        }
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
