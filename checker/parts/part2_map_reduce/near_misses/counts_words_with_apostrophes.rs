//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "An apostrophe belongs to a word, like a letter."

// ── file functions.rs
// ── replace
.split(|byte| !byte.is_ascii_alphabetic())
// ── with
.split(|byte| !byte.is_ascii_alphabetic() && *byte != b'\'')
// ── end
