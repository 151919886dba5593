//! kind = "near-miss"
//! problem = 3
//! claim = "workers crash, records crash them, and nodes die and come back"
//! about = "Does not start a worker again when its crash has ended the job, since there is nothing left to do: later jobs lack that node."

// ── file manager.rs
// ── replace
                self.crashed(attempt, &reason.to_string(), ctx).await;
// ── with
                self.crashed(attempt, &reason.to_string(), ctx).await;
                if self.task(attempt).is_none() {
                    return;
                }
// ── end
