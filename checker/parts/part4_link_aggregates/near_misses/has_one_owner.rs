//! kind = "near-miss"
//! problem = 10
//! claim = "keeps nobody from anything"
//! about = "When the owner is dead, creations are refused."

// ── file links.rs
// ── replace
let asked = match asked {
    // …
};
// ── with
// ── end
