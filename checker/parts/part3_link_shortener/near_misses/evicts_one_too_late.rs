//! kind = "near-miss"
//! problem = 1
//! claim = "a table has at most 1000 entries"
//! about = "A table may have one entry more than its limit."

// ── file table.rs
// ── replace
if entries.len() >= cap && !entries.contains_key(&code) {
// ── with
if entries.len() > cap && !entries.contains_key(&code) {
// ── end
