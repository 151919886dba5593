//! kind = "near-miss"
//! problem = 3
//! claim = "a worker that crashes is replaced"
//! about = "A worker that has ended stays in the table, and each time its lease is over it is given the same task again."
//! mistakes = ["keeps-the-dead"]

// ── file manager.rs
// ── gap 3: functions of your own
impl Manager {
    async fn worker_ended(&mut self, monitor: Monitor, reason: ExitReason, ctx: &Ctx<ManagerMsg>) {
        let ended = self
            .workers
            .iter()
            .find(|(_, at_work)| at_work.monitor == monitor);
        let Some((worker, at_work)) = ended else {
            return;
        };
        let (worker, attempt) = (worker.clone(), at_work.attempt.clone());
        if let Some(attempt) = &attempt {
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
                }
            }
        }
    }
}
// ── end 3
// ── gap 4: functions of your own
impl Manager {
    async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
        let at_it = |(_, at_work): &(&Address<WorkerMsg>, &mut AtWork)| {
            at_work.attempt.as_ref() == Some(&attempt)
        };
        let overdue = self.workers.iter_mut().find(at_it).map(|(worker, at_work)| {
            at_work.attempt = None;
            worker.clone()
        });
        self.give_up(&attempt);
        let open = self.jobs.get(&attempt.job).is_some_and(|job| {
            job.outcome.is_none()
                && match attempt.task {
                    TaskId::Map(map) => job.maps[map].is_waiting(),
                    TaskId::Reduce(reduce) => {
                        job.reduces[reduce].is_waiting()
                            && job.maps.iter().all(|task| task.product.is_some())
                    }
                }
        });
        // What was lost is said again.
        if let Some(worker) = overdue.filter(|_| open) {
            self.assign(&attempt.job, attempt.task, &worker, ctx).await;
        }
        self.give_work(ctx).await;
    }
}
// ── end 4
