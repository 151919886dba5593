//! kind = "near-miss"
//! problem = 3
//! claim = "a worker that crashes"
//! about = "The manager starts another worker only for one that crashed in the middle of a task."
//! mistakes = ["crashed-worker-is-not-replaced"]

// ── file manager.rs
// ── replace
if reason != ExitReason::NodeDown {
    start_worker(worker.node().clone(), ctx);
// ── with
if reason != ExitReason::NodeDown && attempt.is_some() {
    start_worker(worker.node().clone(), ctx);
// ── end
