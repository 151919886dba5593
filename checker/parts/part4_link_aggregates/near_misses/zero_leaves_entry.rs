//! kind = "near-miss"
//! problem = 4
//! claim = "counters that know the same additions are equal"
//! about = "To add 0 to a slot leaves an entry of 0."

// ── file g_counter.rs
// ── replace
if by > 0 {
    // …
}
// ── with
*self.counts.entry(slot.clone()).or_default() += by;
// ── end
// ── replace
for (slot, &theirs) in other.counts.iter().filter(|(_, count)| **count > 0) {
// ── with
for (slot, &theirs) in &other.counts {
// ── end
