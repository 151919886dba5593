//! kind = "near-miss"
//! problem = 4
//! claim = "keeps the count of a node that it cannot reach"
//! about = "The consumer removes the count of a node that went down, and asks for it when they meet again."
//! mistakes = ["forgets-who-is-down"]

// ── file consumer.rs
// ── after
Info::NodeUp(node) => catch_up(node, ctx),
// ── add
Info::NodeDown(node) => drop(self.counts.remove(&node)),
// ── end
