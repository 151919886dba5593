//! kind = "near-miss"
//! problem = 3
//! claim = "a worker that crashes is replaced"
//! about = "The manager tries the task of a crashed worker again, but starts no other worker on its node."
//! mistakes = ["crashed-worker-is-not-replaced"]

// ── file manager.rs
// ── replace
if reason != ExitReason::NodeDown {
    start_worker(worker.node().clone(), ctx);
}
// ── with
// ── end
