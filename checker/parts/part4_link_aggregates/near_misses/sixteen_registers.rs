//! kind = "near-miss"
//! problem = 9
//! claim = "a returning visitor counts once"
//! about = "The sketch has sixteen registers."

// ── file visitors.rs
// ── replace
const PRECISION: u32 = 12;
// ── with
const PRECISION: u32 = 4;
// ── end
