//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count and learn the sum"
//! about = "A node that meets another sends ten links at most."

// ── file counters.rs
// ── replace
if self.views.len() > FEW_LINKS {
    // …
inform(member, self.views.all(), ctx);
// ── with
inform(member, self.views.all().into_iter().take(10).collect(), ctx);
// ── end
