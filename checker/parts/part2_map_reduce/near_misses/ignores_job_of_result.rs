//! kind = "near-miss"
//! problem = 4
//! claim = "a result of an earlier job"
//! about = "The manager takes each result for one of the job that runs now."
//! mistakes = ["takes-results-of-another-job"]

// ── file manager.rs
// ── after
self.has_answered(&worker, &attempt);
// ── add
let mut open = self.jobs.values().filter(|job| job.outcome.is_none());
let job = open.next_back().map(|job| job.id.clone());
let attempt = Attempt { job: job.unwrap_or(attempt.job), ..attempt };
// ── end
