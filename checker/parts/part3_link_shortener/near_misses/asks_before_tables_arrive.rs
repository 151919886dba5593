//! kind = "near-miss"
//! problem = 4
//! claim = "at most one in twenty costs the store a question"
//! about = "A node that comes up learns tables when they arrive, and asks the store until then."

// ── file cache.rs
// ── replace
if !self.awaited.is_empty() && self.table.get(&code).is_none() {
    return self.held.push((code, reply));
}
// ── with
// ── end
