//! kind = "near-miss"
//! problem = 2
//! claim = "two jobs at the same time"
//! about = "A worker that has finished a task gets the next one of the same job. When that job has ended, the worker gets none of another job."

// ── file manager.rs
// ── replace
    self.count(&attempt, product, ctx).await;
}
self.give_work(ctx).await;
// ── with
    self.count(&attempt, product, ctx).await;
}
self.only = Some(attempt.job);
self.give_work(ctx).await;
self.only = None;
// ── end
// ── after
workers: BTreeMap<Address<WorkerMsg>, AtWork>,
// ── add
/// While tasks are given out, the job that they are of, if it must be one.
only: Option<JobId>,
// ── end
// ── replace
let next = |job: &Job| next_task(job).map(|task| (job.id.clone(), task));
// ── with
let next = |job: &Job| {
    let may_be = self.only.as_ref().is_none_or(|only| *only == job.id);
    next_task(job).filter(|_| may_be).map(|task| (job.id.clone(), task))
};
// ── end
// ── replace
async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
    self.give_up(&attempt);
    self.give_work(ctx).await;
// ── with
async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
    self.give_up(&attempt);
    self.only = Some(attempt.job);
    self.give_work(ctx).await;
    self.only = None;
// ── end
// ── file worker.rs
// ── replace
ctx.send_after(ASK_INTERVAL, WorkerMsg::AskForWork);
// ── with
// ── end
