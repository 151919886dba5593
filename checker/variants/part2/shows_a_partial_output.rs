//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "A job that is given up shows what it has so far as its output."
//! mistakes = ["shows-a-partial-output"]

// ── file manager.rs
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
            if let Some(job) = self.jobs.get_mut(&attempt.job) {
                job.complete();
                job.outcome = Some(Err(why));
            }
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
