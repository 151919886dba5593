//! kind = "near-miss"
//! problem = 5
//! claim = "a silent node"
//! about = "The manager distrusts the worker that cannot fetch an output, and not the node where the output lies."

// ── file manager.rs
// ── replace
if let TaskError::Unfetched { output, .. } = &why
    // …
    self.distrusted.insert(output.node.clone());
// ── with
if let TaskError::Unfetched { .. } = &why {
    self.distrusted.insert(worker.node().clone());
// ── end
