//! kind = "near-miss"
//! problem = 4
//! claim = "a counter is worth what was added to it"
//! about = "Merging takes the counts of the other, whatever was known."
//! mistakes = ["merge-overwrites"]

// ── file g_counter.rs
// ── gap 4: learn
self.counts.extend(other.counts.iter().map(|(slot, count)| (slot.clone(), *count)));
// ── end 4
