//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "The consumer removes the count of a node that went down, and waits for its next ping."
//! mistakes = ["forgets-who-is-down"]

// ── file consumer.rs
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
Info::NodeDown(node) => drop(self.counts.remove(&node)),
// ── end
