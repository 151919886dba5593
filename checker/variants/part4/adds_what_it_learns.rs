//! kind = "near-miss"
//! problem = 4
//! claim = "a counter is worth what was added to it"
//! about = "Merging adds the counts of both."
//! mistakes = ["merge-adds"]

// ── file g_counter.rs
// ── gap 4: learn
for (slot, &theirs) in &other.counts {
    *self.counts.entry(slot.clone()).or_default() += theirs;
}
// ── end 4
