//! kind = "near-miss"
//! problem = 4
//! claim = "the value of a counter is what was added to it"
//! about = "An increment sets the slot to what is added."

// ── file g_counter.rs
// ── replace
let count = self.counts.entry(slot.clone()).or_default();
*count = count.saturating_add(by);
// ── with
self.counts.insert(slot.clone(), by);
// ── end
