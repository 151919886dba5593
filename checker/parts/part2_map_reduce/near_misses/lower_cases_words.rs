//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "Words are counted without regard to case."
//! mistakes = ["lower-cases-words"]

// ── file functions.rs
// ── replace
emit(word, b"1");
// ── with
emit(&word.to_ascii_lowercase(), b"1");
// ── end
