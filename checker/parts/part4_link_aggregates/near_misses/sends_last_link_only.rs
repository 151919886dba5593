//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count and learn the sum"
//! about = "A node sends one link to a node that it meets."

// ── file counters.rs
// ── replace
inform(member, self.views.all(), ctx);
// ── with
let last = self.views.all().pop();
inform(member, last.into_iter().collect(), ctx);
// ── end
