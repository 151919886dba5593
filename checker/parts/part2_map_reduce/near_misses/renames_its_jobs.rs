//! kind = "near-miss"
//! problem = 6
//! claim = "a restarted manager continues"
//! about = "A restarted manager begins its open jobs again under new ids."
//! mistakes = ["renames-its-jobs"]

// ── file manager.rs
// ── replace
if let Ok(job) = Job::new(id.clone(), spec) {
// ── with
let id = JobId(format!("{id} of {}", ctx.id()));
if let Ok(job) = Job::new(id.clone(), spec)
    && job.output.prepare().is_ok()
{
// ── end
