//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "A word is emitted when the letter behind it is read, so the last word of a line is lost."

// ── file functions.rs
// ── replace
fn words(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    record
// ── with
fn words(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    let last = record.iter().rposition(|byte| !byte.is_ascii_alphabetic());
    record[..last.unwrap_or_default()]
// ── end
