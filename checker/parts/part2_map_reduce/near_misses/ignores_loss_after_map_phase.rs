//! kind = "near-miss"
//! problem = 3
//! claim = "a node that dies in the shuffle"
//! about = "The output on a dead node is computed again only as long as other map tasks are not done."
//! mistakes = ["lost-outputs-count-as-done"]

// ── file manager.rs
// ── replace
if let TaskError::Unfetched { output, .. } = &why
    // …
}
// ── with
// ── end
// ── replace
Info::NodeDown(node) => self.node_down(&node, ctx).await,
// ── with
Info::NodeDown(node) => {
    let mut jobs = self.jobs.values().filter(|job| job.outcome.is_none());
    if jobs.any(|job| job.maps.iter().any(|task| task.product.is_none())) {
        self.lose_outputs(&node);
    }
    self.give_work(ctx).await;
}
// ── end
