//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "The job counts words without regard to case."

// ── file functions.rs
// ── replace
emit(word, b"1");
// ── with
emit(&word.to_ascii_lowercase(), b"1");
// ── end
