//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "A word ends at white space only."

// ── file functions.rs
// ── replace
.split(|byte| !byte.is_ascii_alphabetic())
// ── with
.split(u8::is_ascii_whitespace)
// ── end
