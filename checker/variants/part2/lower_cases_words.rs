//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "Words are counted without regard to case."
//! mistakes = ["lower-cases-words"]

// ── file functions.rs
// ── gap 1: count words
for word in words(record) {
    emit(&word.to_ascii_lowercase(), b"1");
}
// ── end 1
