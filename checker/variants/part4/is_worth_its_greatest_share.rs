//! kind = "near-miss"
//! problem = 4
//! claim = "a counter is worth what was added to it"
//! about = "A counter is worth the greatest of its shares."
//! mistakes = ["value-is-greatest-slot"]

// ── file g_counter.rs
// ── gap 4: the sum
self.counts.values().copied().max().unwrap_or_default()
// ── end 4
