//! kind = "near-miss"
//! problem = 2
//! claim = "every running node is in the answer"
//! about = "The consumers remove the count of a node that died, so their totals lack its pings."

// ── file consumer.rs
// ── after
Info::NodeUp(node) => catch_up(node, ctx),
// ── add
Info::NodeDown(node) => drop(self.counts.remove(&node)),
// ── end
