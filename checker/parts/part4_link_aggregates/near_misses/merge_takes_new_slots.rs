//! kind = "near-miss"
//! problem = 4
//! claim = "the value of a counter is what was added to it"
//! about = "A merge takes the slots that are new, and ignores the others."

// ── file g_counter.rs
// ── replace
let ours = self.counts.entry(slot.clone()).or_default();
*ours = theirs.max(*ours);
// ── with
self.counts.entry(slot.clone()).or_insert(theirs);
// ── end
