//! kind = "near-miss"
//! problem = 1
//! claim = "does not undo a newer one"
//! about = "The consumer keeps the number that came last, also when it is an old one that comes late."
//! mistakes = ["overwrites-with-older"]

// ── file consumer.rs
// ── gap 1: count a ping
self.counts.insert(from, count);
// ── end 1
