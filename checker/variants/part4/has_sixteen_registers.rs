//! kind = "near-miss"
//! problem = 9
//! claim = "visitors are told apart"
//! about = "The sketch has sixteen registers."
//! mistakes = ["too-few-registers"]

// ── file visitors.rs
// ── gap 9: how precise
const PRECISION: u32 = 4;
// ── end 9
