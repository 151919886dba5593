//! kind = "near-miss"
//! problem = 3
//! claim = "of two links of one code"
//! about = "A code that has a link in the table never gets another one, even if the first has expired."

// ── file table.rs
// ── replace
Some(Entry::Link(known)) if end(known) > end(&link) => {}
// ── with
Some(Entry::Link(_)) => {}
// ── end
