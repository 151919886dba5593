//! kind = "near-miss"
//! problem = 5
//! claim = "a paused node"
//! about = "A task whose lease is over is given to the same worker again."
//! mistakes = ["insists-on-the-same-worker"]

// ── file manager.rs
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
