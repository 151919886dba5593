//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "An apostrophe belongs to a word, like a letter."
//! mistakes = ["counts-words-with-apostrophes"]

// ── file functions.rs
// ── gap 1: functions of your own
fn words(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    record
        .split(|byte| !byte.is_ascii_alphabetic() && *byte != b'\'')
        .filter(|word| !word.is_empty())
}
// ── end 1
