//! kind = "near-miss"
//! problem = 4
//! claim = "job ids never repeat"
//! about = "Jobs have numbers, which begin again after a crash."
//! mistakes = ["job-ids-repeat"]

// ── file manager.rs
// ── gap 0: fields of your own
last_job: u64,
// ── end 0
// ── gap 0: first values of your fields
last_job: 0,
// ── end 0
// ── gap 2: a job's id
self.last_job += 1;
let id = JobId(format!("{}.{}", ctx.name(), self.last_job));
// ── end 2
