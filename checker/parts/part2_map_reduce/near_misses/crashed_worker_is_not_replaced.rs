//! kind = "near-miss"
//! problem = 3
//! claim = "a worker that crashes is replaced"
//! about = "The task of a crashed worker is tried again, but its node gets no other worker."
//! mistakes = ["crashed-worker-is-not-replaced"]

// ── file manager.rs
// ── replace
if reason != ExitReason::NodeDown {
    start_worker(worker.node().clone(), ctx);
}
// ── with
// ── end
