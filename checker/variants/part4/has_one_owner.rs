//! kind = "near-miss"
//! problem = 10
//! claim = "keeps nobody from anything"
//! about = "When the owner is dead, creations are refused."
//! mistakes = ["no-second-owner"]

// ── file links.rs
// ── gap 10: ask the second owner
let asked = asked;
// ── end 10
