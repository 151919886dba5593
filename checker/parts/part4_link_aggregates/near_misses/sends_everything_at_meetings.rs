//! kind = "near-miss"
//! problem = 8
//! claim = "nodes that differ in little send little"
//! about = "A node sends everything after each netsplit."
//! mistakes = ["everything-told-on-new-link"]

// ── file counters.rs
// ── replace
if self.views.len() > FEW_LINKS {
    // …
}
// ── with
// ── end
