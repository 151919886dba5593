//! kind = "near-miss"
//! problem = 4
//! claim = "assignments and results are lost, late and repeated, and managers restart"
//! about = "Counts a lease that expires as a crash of the task, so a job with one long record fails as soon as four nodes have begun it."

// ── file manager.rs
// ── replace
        self.give_up(&attempt);
// ── with
        if self.is_running(&attempt) {
            let why = "it did not answer within its lease";
            self.crashed(&attempt, why, ctx).await;
        }
        self.give_up(&attempt);
// ── end
