//! kind = "near-miss"
//! problem = 2
//! claim = "every node"
//! about = "The producer asks the nodes of `list()`, which does not hold its own node."

// ── file producer.rs
// ── replace
let nodes: Vec<NodeName> =
    ctx.list().into_iter().chain([ctx.name().clone()]).collect();
// ── with
let nodes = ctx.list();
// ── end
