//! kind = "near-miss"
//! problem = 3
//! claim = "of two links of one code"
//! about = "Of two links of one code the table keeps the one that expires earlier."

// ── file table.rs
// ── replace
Some(Entry::Link(known)) if end(known) > end(&link) => {}
// ── with
Some(Entry::Link(known)) if end(known) < end(&link) => {}
// ── end
