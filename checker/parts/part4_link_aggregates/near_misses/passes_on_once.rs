//! kind = "near-miss"
//! problem = 6
//! claim = "when a node learns something from another"
//! about = "A node passes on only what it learns in its first meeting."

// ── file counters.rs
// ── replace
self.has_learned = false;
// ── with
// ── end
