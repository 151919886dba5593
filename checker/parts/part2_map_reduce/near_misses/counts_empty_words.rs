//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "The text between two separators is a word, even if it is empty."

// ── file functions.rs
// ── replace
record
    .split(|byte| !byte.is_ascii_alphabetic())
    .filter(|word| !word.is_empty())
// ── with
record.split(|byte| !byte.is_ascii_alphabetic())
// ── end
