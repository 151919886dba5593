//! kind = "near-miss"
//! problem = 9
//! claim = "a returning visitor counts once"
//! about = "The number of visitors is the number of views."

// ── file views.rs
// ── replace
aggregates.visitors = Some(self.visitors.estimate());
// ── with
aggregates.visitors = Some(self.views.value());
// ── end
