//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "A line that is not UTF-8 is left out, with all its words."
//! mistakes = ["skips-lines-that-are-not-utf8"]

// ── file functions.rs
// ── gap 1: functions of your own
fn words(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    str::from_utf8(record)
        .unwrap_or_default()
        .as_bytes()
        .split(|byte| !byte.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
}
// ── end 1
