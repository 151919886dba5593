//! kind = "right"
//! about = "The manager monitors nobody and hears of no node that goes: it pings who is overdue, and notices lost outputs when they are missed."

// ── file protocol.rs
// ── gap 0: more messages to the manager
/// To itself: an overdue worker is not there any more, perhaps as it crashed.
Gone {
    worker: Address<WorkerMsg>,
    attempt: Attempt,
    crash: Option<String>,
},
// ── end 0
// ── file manager.rs
// ── imports
use runtime::CallError;
// ── end imports
// ── gap 0: messages of your own
ManagerMsg::Gone {
    worker,
    attempt,
    crash,
} => {
    self.workers.remove(&worker);
    if let Some(why) = crash {
        self.crashed(&attempt, &why, ctx).await;
        start_worker(worker.node().clone(), ctx);
    }
    self.give_work(ctx).await;
}
// ── end 0
// ── gap 3: a worker ends
// ── end 3
// ── gap 3: a node goes
// ── end 3
// ── gap 2: functions of your own
struct AtWork {

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
            let next = |job: &Job| next_task(job).map(|task| (job.id.clone(), task));
            let Some((id, task)) = self.jobs.values().find_map(next) else {
                return;
            };
            self.assign(&id, task, &worker, ctx).await;
        }
    }

    async fn is_ready(&mut self, worker: Address<WorkerMsg>, ctx: &Ctx<ManagerMsg>) {
        let known = self.workers.entry(worker.clone());
        let known = known.or_insert(AtWork {
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
// ── gap 3: functions of your own
impl Manager {
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
                }
            }
        }
    }
}
// ── end 3
// ── gap 4: functions of your own
impl Manager {
    async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
        let mut workers = self.workers.iter();
        let overdue =
            workers.find(|(_, at_work)| at_work.attempt.as_ref() == Some(&attempt));
        if let Some((worker, _)) = overdue {
            look_after(worker.clone(), attempt.clone(), ctx);
        }
        self.give_up(&attempt);
        self.give_work(ctx).await;
    }
}
// ── end 4
// ── gap 0: functions of your own
/// Pings a worker until it answers, and is idle, or is gone.
fn look_after(worker: Address<WorkerMsg>, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        let crash = loop {
            match me.call_within(LEASE, &worker, WorkerMsg::Ping).await {
                Ok(()) => return me.send_self(ManagerMsg::Ready(worker)),
                Err(CallError::Timeout(_)) => {}
                Err(error @ (CallError::Exited(_) | CallError::NoProcess(_))) => {
                    break Some(error.to_string());
                }
                Err(_) => break None,
            }
        };
        me.send_self(ManagerMsg::Gone {
            worker,
            attempt,
            crash,
        });
    });
}
// ── end 0
