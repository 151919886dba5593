//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "The job makes a string of the line, and a word is a run of letters of any alphabet."

// ── file functions.rs
// ── replace
emit(word, b"1");
// ── with
emit(word.as_bytes(), b"1");
// ── end
// ── replace
emit(word, file.as_bytes());
// ── with
emit(word.as_bytes(), file.as_bytes());
// ── end
// ── replace
fn words(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    // …
        .filter(|word| !word.is_empty())
// ── with
fn words(record: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(record)
        .split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
// ── end
