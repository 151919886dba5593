//! kind = "near-miss"
//! problem = 2
//! claim = "every node that runs is in the answer"
//! about = "The consumers remove the count of a node that died, so that the totals no longer hold its pings."
//! mistakes = ["forgets-who-is-down"]

// ── file consumer.rs
// ── after
Info::NodeUp(node) => catch_up(node, ctx),
// ── add
Info::NodeDown(node) => drop(self.counts.remove(&node)),
// ── end
