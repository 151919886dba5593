//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "A digit belongs to a word, like a letter."

// ── file functions.rs
// ── replace
.split(|byte| !byte.is_ascii_alphabetic())
// ── with
.split(|byte| !byte.is_ascii_alphanumeric())
// ── end
