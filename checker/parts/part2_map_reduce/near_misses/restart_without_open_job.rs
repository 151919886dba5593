//! kind = "near-miss"
//! problem = 6
//! claim = "managers crash, beside workers and nodes"
//! about = "A restarted manager starts workers only if one of its old jobs is still open, and then never for its next job."

// ── file manager.rs
// ── replace
        if !jobs.is_empty() {
// ── with
        if jobs.values().any(|job| job.outcome.is_none()) {
// ── end
