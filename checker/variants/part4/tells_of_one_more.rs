//! kind = "near-miss"
//! problem = 4
//! claim = "a counter is worth what was added to it"
//! about = "The others are told of one more view, in a slot that they make up."
//! mistakes = ["merge-adds"]

// ── file views.rs
// ── gap 5: count a view
usage.views.increment(slot, 1);
news.views.increment(slot, 1);
// ── end 5
// ── file g_counter.rs
// ── gap 4: learn
for (slot, &theirs) in &other.counts {
    let ours = self.counts.entry(slot.clone()).or_default();
    *ours = if theirs == 1 && other.counts.len() == 1 { *ours + 1 } else { theirs.max(*ours) };
}
// ── end 4
