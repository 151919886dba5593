//! kind = "near-miss"
//! problem = 5
//! claim = "a silent node"
//! about = "A worker that cannot fetch an output is distrusted, and not the node where the output lies."
//! mistakes = ["blames-who-complains"]

// ── file manager.rs
// ── replace
if let TaskError::Unfetched { output, .. } = &why
    // …
    self.distrusted.insert(output.node.clone());
// ── with
if let TaskError::Unfetched { .. } = &why {
    self.distrusted.insert(worker.node().clone());
// ── end
