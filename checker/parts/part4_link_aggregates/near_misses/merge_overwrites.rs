//! kind = "near-miss"
//! problem = 4
//! claim = "the value of a counter is what was added to it"
//! about = "A merge takes the counts of the other counter, even if they are lower."

// ── file g_counter.rs
// ── replace
for (slot, &theirs) in other.counts.iter().filter(|(_, count)| **count > 0) {
    // …
}
// ── with
self.counts.extend(other.counts.iter().map(|(slot, count)| (slot.clone(), *count)));
// ── end
