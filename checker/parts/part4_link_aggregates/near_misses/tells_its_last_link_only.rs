//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count, and meet"
//! about = "Who is met is told of one link only."

// ── file counters.rs
// ── replace
give(member, self.views.all(), ctx);
// ── with
let last = self.views.all().pop();
give(member, last.into_iter().collect(), ctx);
// ── end
