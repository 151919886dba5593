//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "What is between two separators is a word, also if it is empty."
//! mistakes = ["counts-empty-words"]

// ── file functions.rs
// ── gap 1: functions of your own
fn words(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    record
        .split(|byte| !byte.is_ascii_alphabetic())
}
// ── end 1
