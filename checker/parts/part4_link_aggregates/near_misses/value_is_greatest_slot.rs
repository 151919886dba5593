//! kind = "near-miss"
//! problem = 4
//! claim = "the value of a counter is what was added to it"
//! about = "A counter is worth its greatest count."

// ── file g_counter.rs
// ── replace
let add = |sum: u64, count: &u64| sum.saturating_add(*count);
self.counts.values().fold(0, add)
// ── with
self.counts.values().copied().max().unwrap_or_default()
// ── end
