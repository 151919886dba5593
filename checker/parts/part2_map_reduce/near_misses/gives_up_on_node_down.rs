//! kind = "near-miss"
//! problem = 3
//! claim = "a node that dies in the map phase"
//! about = "A job fails as soon as a node goes."

// ── file manager.rs
// ── replace
Info::NodeDown(node) => self.node_down(&node, ctx).await,
// ── with
Info::NodeDown(node) => {
    let open = self.jobs.values().filter(|job| job.outcome.is_none());
    let open: Vec<JobId> = open.map(|job| job.id.clone()).collect();
    for id in open {
        self.end(&id, Err(format!("{node} is gone")), ctx).await;
    }
}
// ── end
