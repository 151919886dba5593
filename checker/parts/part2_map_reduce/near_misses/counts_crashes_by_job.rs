//! kind = "near-miss"
//! problem = 3
//! claim = "records that crash three times"
//! about = "The manager adds up the crashes of all tasks of a job, and gives the job up at the fourth."

// ── file manager.rs
// ── replace
if task.crashes >= MAX_CRASHES {
// ── with
let crashes: u32 = self.jobs[&attempt.job].maps.iter().map(|task| task.crashes).sum();
if crashes >= MAX_CRASHES {
// ── end
