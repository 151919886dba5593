//! kind = "near-miss"
//! problem = 4
//! claim = "at most one of twenty links costs the store a question"
//! about = "Tables are learnt when they come; until then the store is asked."
//! mistakes = ["does-not-wait-for-tables"]

// ── file cache.rs
// ── replace
if !self.awaited.is_empty() && self.table.get(&code).is_none() {
    return self.held.push((code, reply));
}
// ── with
// ── end
