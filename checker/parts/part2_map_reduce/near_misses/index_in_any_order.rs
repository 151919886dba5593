//! kind = "near-miss"
//! problem = 1
//! claim = "the index lists each file once"
//! about = "The index lists each file once, in the order of a hash table."

// ── file functions.rs
// ── replace
let mut files = values.to_vec();
// …
files.join(&b'\t')
// ── with
let files: HashSet<&[u8]> = values.iter().copied().collect();
files.into_iter().collect::<Vec<_>>().join(&b'\t')
// ── end
// ── add
use std::collections::HashSet;
// ── end
