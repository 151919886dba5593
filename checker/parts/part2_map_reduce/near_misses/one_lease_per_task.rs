//! kind = "near-miss"
//! problem = 4
//! claim = "assignments and results are lost, late and repeated, and managers restart"
//! about = "Only the first attempt at a task gets a lease, so a second attempt that is lost, or that a node sleeps on, is waited for forever."

// ── file job.rs
// ── after
    pub crashes: u32,
// ── add
    /// Whether its lease has been set.
    pub has_lease: bool,
// ── end

// ── file manager.rs
// ── replace
        let attempt = assignment.attempt.clone();
        if let Some(task) = job.task(task) {
            task.running.push(attempt.number);
        }
// ── with
        let attempt = assignment.attempt.clone();
        let mut had_lease = true;
        if let Some(task) = job.task(task) {
            task.running.push(attempt.number);
            had_lease = std::mem::replace(&mut task.has_lease, true);
        }
// ── end
// ── replace
        ctx.send_after(LEASE, ManagerMsg::Expired(attempt.clone()));
// ── with
        if !had_lease {
            ctx.send_after(LEASE, ManagerMsg::Expired(attempt.clone()));
        }
// ── end
