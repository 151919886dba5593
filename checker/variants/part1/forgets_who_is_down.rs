//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "The consumer removes the count of a node that went down, and waits for its next ping."
//! mistakes = ["forgets-who-is-down"]

// ── file consumer.rs
// ── gap 4: meet a node
Info::NodeDown(node) => drop(self.counts.remove(&node)),
// ── end 4
