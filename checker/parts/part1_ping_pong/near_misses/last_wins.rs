//! kind = "near-miss"
//! problem = 1
//! claim = "does not undo a newer one"
//! about = "The consumer keeps the number that came last, also if it is an old one that comes late."
//! mistakes = ["overwrites-with-older"]

// ── file consumer.rs
// ── replace
let latest = self.counts.entry(from).or_default();
*latest = count.max(*latest);
// ── with
self.counts.insert(from, count);
// ── end
