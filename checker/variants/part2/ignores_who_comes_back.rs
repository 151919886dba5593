//! kind = "near-miss"
//! problem = 5
//! claim = "a node that is cut off"
//! about = "A node that was seen before gets no worker when it comes back."

// ── file manager.rs
// ── gap 0: fields of your own
seen: BTreeSet<NodeName>,
// ── end 0
// ── gap 0: first values of your fields
seen: BTreeSet::new(),
// ── end 0
// ── gap 2: begin with a job
if self.jobs.len() == 1 {
    self.seen.extend(ctx.list());
    start_workers(ctx);
}
self.give_work(ctx).await;
// ── end 2
// ── gap 2: a node joins
Info::NodeUp(node) => {
    if self.seen.insert(node.clone()) {
        start_worker(node, ctx);
    }
}
// ── end 2
