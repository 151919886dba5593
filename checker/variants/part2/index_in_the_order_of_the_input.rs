//! kind = "near-miss"
//! problem = 1
//! claim = "the index lists each file once"
//! about = "The index lists each file once, in the order in which the files were given."
//! mistakes = ["index-out-of-order"]

// ── file functions.rs
// ── gap 1: list the files
let mut files = values.to_vec();

files.dedup();
files.join(&b'\t')
// ── end 1
