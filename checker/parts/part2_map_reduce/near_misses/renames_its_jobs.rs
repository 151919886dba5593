//! kind = "near-miss"
//! problem = 6
//! claim = "a manager that crashed goes on"
//! about = "A manager that crashed begins its open jobs again under new ids."
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
