//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "What is between two separators is a word, also if it is empty."
//! mistakes = ["counts-empty-words"]

// ── file functions.rs
// ── replace
record
    .split(|byte| !byte.is_ascii_alphabetic())
    .filter(|word| !word.is_empty())
// ── with
record.split(|byte| !byte.is_ascii_alphabetic())
// ── end
