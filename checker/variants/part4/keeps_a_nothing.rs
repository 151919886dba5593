//! kind = "near-miss"
//! problem = 4
//! claim = "counters that know the same are equal"
//! about = "To add nothing leaves a share of nothing."
//! mistakes = ["zero-leaves-entry"]

// ── file g_counter.rs
// ── gap 4: add
*self.counts.entry(slot.clone()).or_default() += by;
// ── end 4
// ── gap 4: learn
for (slot, &theirs) in &other.counts {
    let ours = self.counts.entry(slot.clone()).or_default();
    *ours = theirs.max(*ours);
}
// ── end 4
