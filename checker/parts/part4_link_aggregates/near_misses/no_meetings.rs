//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count and learn the sum"
//! about = "A node sends nothing on a new connection: the next view will do it."
//! mistakes = ["nothing-told-on-new-link"]

// ── file counters.rs
// ── replace
if self.views.len() > FEW_LINKS {
    // …
inform(member, self.views.all(), ctx);
// ── with
// ── end
