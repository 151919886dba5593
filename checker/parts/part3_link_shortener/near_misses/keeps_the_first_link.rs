//! kind = "near-miss"
//! problem = 3
//! claim = "of two links of one code"
//! about = "A code for which there is a link already never gets another one, even if the first is expired."
//! mistakes = ["ended-link-keeps-its-place"]

// ── file table.rs
// ── replace
Some(Entry::Link(known)) if end(known) > end(&link) => {}
// ── with
Some(Entry::Link(_)) => {}
// ── end
