//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count, and meet"
//! about = "Nothing is told when a link is new: the next view will do it."
//! mistakes = ["nothing-told-on-new-link"]

// ── file counters.rs
// ── replace
if self.views.len() > FEW_LINKS {
    // …
give(member, self.views.all(), ctx);
// ── with
// ── end
