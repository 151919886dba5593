//! kind = "near-miss"
//! problem = 4
//! claim = "at most one of twenty links costs the store a question"
//! about = "Tables are learnt when they come; until then the store is asked."
//! mistakes = ["does-not-wait-for-tables"]

// ── file cache.rs
// ── gap 4: wait for the tables of other nodes
let _ = (&self.awaited, &self.held);
// ── end 4
