//! kind = "near-miss"
//! problem = 1
//! claim = "a table has at most 1000 entries"
//! about = "A table evicts no entry."

// ── file table.rs
// ── replace
if entries.len() >= cap && !entries.contains_key(&code) {
    // …
}
// ── with
// ── end
