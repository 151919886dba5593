//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, and no look-ups"
//! about = "When the owner cannot be reached, look-ups are refused."
//! mistakes = ["no-way-past-owner"]

// ── file links.rs
// ── gap 3: answer without the owner
let found = found;
// ── end 3
