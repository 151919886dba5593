//! kind = "near-miss"
//! problem = 5
//! claim = "workers that cannot reach each other"
//! about = "A reduce task that could not fetch goes to the same worker again, which has all the other outputs already."
//! mistakes = ["reduces-on-the-same-worker-again"]

// ── file manager.rs
// ── replace
if let TaskError::Unfetched { output, .. } = &why
    // …
    self.distrusted.insert(output.node.clone());
// ── with
if let TaskError::Unfetched { .. } = &why
    && self.has_answered(&worker, &attempt)
    && let TaskId::Reduce(reduce) = attempt.task
    && let Some(job) = self.jobs.get(&attempt.job)
    && job.outcome.is_none()
    && job.reduces[reduce].is_waiting()
    && job.maps.iter().all(|task| task.product.is_some())
{
    self.assign(&attempt.job, attempt.task, &worker, ctx).await;
// ── end
