//! kind = "near-miss"
//! problem = 9
//! claim = "visitors are told apart"
//! about = "The sketch has sixteen registers."

// ── file visitors.rs
// ── replace
const PRECISION: u32 = 12;
// ── with
const PRECISION: u32 = 4;
// ── end
