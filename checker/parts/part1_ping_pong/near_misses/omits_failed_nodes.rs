//! kind = "near-miss"
//! problem = 2
//! claim = "every node"
//! about = "The producer puts only the nodes that answered into its answer."

// ── file producer.rs
// ── replace
.map(|(node, why)| (node, why.to_string()))
// ── with
.filter_map(|_| None)
// ── end
