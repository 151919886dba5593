//! kind = "near-miss"
//! problem = 2
//! claim = "the manager still knows each job"
//! about = "The manager forgets a job that has ended when it is given another one."

// ── file manager.rs
// ── replace
self.jobs.get(id).map_or(JobStatus::Unknown, Job::status)
// ── with
let last = self.jobs.keys().next_back();
let known = self.jobs.get(id).filter(|job| job.outcome.is_none() || last == Some(id));
known.map_or(JobStatus::Unknown, Job::status)
// ── end
