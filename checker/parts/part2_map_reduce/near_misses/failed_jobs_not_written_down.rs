//! kind = "near-miss"
//! problem = 6
//! claim = "a restarted manager continues"
//! about = "The manager writes down the end of a job that is done, and not of one that has failed."

// ── file manager.rs
// ── replace
if let Some(outcome) = &job.outcome {
// ── with
if let Some(outcome @ Ok(_)) = &job.outcome {
// ── end
