//! kind = "near-miss"
//! problem = 4
//! claim = "the value of a counter is what was added to it"
//! about = "A node sends that there was one more view, and the others add it up."

// ── file views.rs
// ── replace
news.views = usage.views.only(slot);
// ── with
news.views.increment(slot, 1);
// ── end
// ── file g_counter.rs
// ── replace
for (slot, &theirs) in other.counts.iter().filter(|(_, count)| **count > 0) {
// ── with
for (slot, &theirs) in &other.counts {
// ── end
// ── replace
*ours = theirs.max(*ours);
// ── with
*ours = if theirs == 1 && other.counts.len() == 1 { *ours + 1 } else { theirs.max(*ours) };
// ── end
