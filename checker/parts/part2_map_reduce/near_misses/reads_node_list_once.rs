//! kind = "near-miss"
//! problem = 2
//! claim = "every node takes part"
//! about = "The manager starts workers on the nodes that are there when the first job comes, and on no later one."
//! mistakes = ["looks-at-the-list-once"]

// ── file manager.rs
// ── replace
Info::NodeUp(node) => start_worker(node, ctx),
// ── with
// ── end
