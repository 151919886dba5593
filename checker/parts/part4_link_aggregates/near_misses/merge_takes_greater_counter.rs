//! kind = "near-miss"
//! problem = 4
//! claim = "the value of a counter is what was added to it"
//! about = "A merge takes the counter that is worth more, as a whole."

// ── file g_counter.rs
// ── replace
for (slot, &theirs) in other.counts.iter().filter(|(_, count)| **count > 0) {
    let ours = self.counts.entry(slot.clone()).or_default();
    *ours = theirs.max(*ours);
// ── with
if other.value() > self.value() {
    self.counts = other.counts.clone();
// ── end
