//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "The job leaves out a line that is not UTF-8, with all its words."

// ── file functions.rs
// ── replace
record
// ── with
str::from_utf8(record).unwrap_or_default().as_bytes()
// ── end
