//! kind = "near-miss"
//! problem = 4
//! claim = "assignments and results are lost, late and repeated, and managers restart"
//! about = "Refuses the result of an attempt whose lease has expired if a newer attempt runs by now, so a task that takes longer than a lease is begun again and again."

// ── file manager.rs
// ── replace
                self.has_answered(&worker, &attempt);
                if self
                    .task(&attempt)
                    .is_some_and(|task| task.product.is_none())
                {
// ── with
                let is_awaited = self.task(&attempt).is_some_and(|task| {
                    task.running.is_empty() || task.running.contains(&attempt.number)
                });
                self.has_answered(&worker, &attempt);
                if is_awaited
                    && self
                        .task(&attempt)
                        .is_some_and(|task| task.product.is_none())
                {
// ── end
