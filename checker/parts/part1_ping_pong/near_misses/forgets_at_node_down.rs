//! kind = "near-miss"
//! problem = 4
//! claim = "is kept while it cannot be reached"
//! about = "The consumer removes the count of a node that went down, and asks for it again when they meet."
//! mistakes = ["forgets-who-is-down"]

// ── file consumer.rs
// ── after
Info::NodeUp(node) => catch_up(node, ctx),
// ── add
Info::NodeDown(node) => drop(self.counts.remove(&node)),
// ── end
