//! kind = "near-miss"
//! problem = 3
//! claim = "a record that crashes every time"
//! about = "A job that the manager gives up shows what it has so far as its output."

// ── file manager.rs
// ── replace
self.end(&attempt.job, Err(why), ctx).await;
// ── with
if let Some(job) = self.jobs.get_mut(&attempt.job) {
    job.complete();
    job.outcome = Some(Err(why));
}
// ── end
