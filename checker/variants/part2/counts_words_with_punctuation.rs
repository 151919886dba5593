//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "A word ends at white space only."
//! mistakes = ["counts-words-with-punctuation"]

// ── file functions.rs
// ── gap 1: functions of your own
fn words(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    record
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}
// ── end 1
