//! kind = "near-miss"
//! problem = 9
//! claim = "visitors are told apart"
//! about = "The number of visitors is that of the views."

// ── file views.rs
// ── replace
aggregates.visitors = Some(self.visitors.estimate());
// ── with
aggregates.visitors = Some(self.views.value());
// ── end
