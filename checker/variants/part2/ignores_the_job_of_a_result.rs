//! kind = "near-miss"
//! problem = 4
//! claim = "a result of an earlier job"
//! about = "A result is taken for one of the job that runs now, whichever it is of."
//! mistakes = ["takes-results-of-another-job"]

// ── file manager.rs
// ── gap 2: a task is done
self.has_answered(&worker, &attempt);
let mut open = self.jobs.values().filter(|job| job.outcome.is_none());
let job = open.next_back().map(|job| job.id.clone());
let attempt = Attempt {
    job: job.unwrap_or(attempt.job),
    ..attempt
};
if self
    .task(&attempt)
    .is_some_and(|task| task.product.is_none())
{
    self.count(&attempt, product, ctx).await;
}
self.give_work(ctx).await;
// ── end 2
