//! kind = "near-miss"
//! problem = 8
//! claim = "who knows nearly everything is told little"
//! about = "After each netsplit everything is told."
//! mistakes = ["everything-told-on-new-link"]

// ── file counters.rs
// ── replace
if self.views.len() > FEW_LINKS {
    // …
}
// ── with
// ── end
