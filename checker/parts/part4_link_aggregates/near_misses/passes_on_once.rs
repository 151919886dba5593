//! kind = "near-miss"
//! problem = 6
//! claim = "what a node learns when it meets another"
//! about = "A node passes on only what it learns in its first meeting."

// ── file counters.rs
// ── replace
self.has_learned = false;
// ── with
// ── end
