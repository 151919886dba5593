//! kind = "near-miss"
//! problem = 1
//! claim = "the index lists each file once"
//! about = "The index lists each file once, in the order of the input."

// ── file functions.rs
// ── replace
files.sort_unstable();
// ── with
// ── end
