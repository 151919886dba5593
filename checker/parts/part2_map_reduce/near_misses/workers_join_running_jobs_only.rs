//! kind = "near-miss"
//! problem = 2
//! claim = "jobs of any size, some at the same time, while nodes join"
//! about = "A node that joins gets a worker only if a job runs at that moment, so one that joins between two jobs never gets any."

// ── file manager.rs
// ── replace
            Info::NodeUp(node) => start_worker(node, ctx),
// ── with
            Info::NodeUp(node) => {
                if self.jobs.values().any(|job| job.outcome.is_none()) {
                    start_worker(node, ctx);
                }
            }
// ── end
