//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "A digit belongs to a word, like a letter."
//! mistakes = ["counts-words-with-digits"]

// ── file functions.rs
// ── gap 1: functions of your own
fn words(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    record
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
}
// ── end 1
