//! kind = "near-miss"
//! problem = 1
//! claim = "the index lists each file once"
//! about = "The index lists a file as often as the word occurs in it."

// ── file functions.rs
// ── replace
files.dedup();
// ── with
// ── end
