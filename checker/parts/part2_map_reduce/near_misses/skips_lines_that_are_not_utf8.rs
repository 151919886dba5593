//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "A line that is not UTF-8 is left out, with all its words."
//! mistakes = ["skips-lines-that-are-not-utf8"]

// ── file functions.rs
// ── replace
record
// ── with
str::from_utf8(record).unwrap_or_default().as_bytes()
// ── end
