//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "The line is made a string, and a word is a run of letters of any alphabet."
//! mistakes = ["counts-letters-of-all-alphabets"]

// ── file functions.rs
// ── gap 1: count words
for word in words(record) {
    emit(word.as_bytes(), b"1");
}
// ── end 1
// ── gap 1: say where a word is
for word in words(record) {
    emit(word.as_bytes(), file.as_bytes());
}
// ── end 1
// ── gap 1: functions of your own
fn words(record: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(record)
        .split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
// ── end 1
