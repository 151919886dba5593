//! kind = "near-miss"
//! problem = 8
//! claim = "who knows nearly everything is told little"
//! about = "What is known is compared in four parts."

// ── file views.rs
// ── replace
const PARTS: usize = 128;
// ── with
const PARTS: usize = 4;
// ── end
