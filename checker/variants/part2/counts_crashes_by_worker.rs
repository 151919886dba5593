//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "Crashes are counted for each worker, and the one that comes instead begins at none."
//! mistakes = ["never-gives-up"]

// ── file manager.rs
// ── gap 0: fields of your own
crashes: BTreeMap<Address<WorkerMsg>, u32>,
// ── end 0
// ── gap 0: first values of your fields
crashes: BTreeMap::new(),
// ── end 0
// ── gap 3: an attempt failed
if self.has_answered(&worker, &attempt)
    && let TaskError::Failed(why) = &why
{
    self.crashed(&worker, &attempt, why, ctx).await;
}
// ── end 3
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
                self.crashed(&worker, attempt, &reason.to_string(), ctx).await;
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

    async fn crashed(
        &mut self,
        worker: &Address<WorkerMsg>,
        attempt: &Attempt,
        why: &str,
        ctx: &Ctx<ManagerMsg>,
    ) {
        let crashes = self.crashes.entry(worker.clone()).or_default();
        *crashes += 1;
        if *crashes >= MOST_CRASHES {
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
