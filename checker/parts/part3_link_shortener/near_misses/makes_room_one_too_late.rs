//! kind = "near-miss"
//! problem = 1
//! claim = "a table has at most 1000 entries"
//! about = "The table may have one entry more than it should."
//! mistakes = ["makes-room-too-late"]

// ── file table.rs
// ── replace
if entries.len() >= cap && !entries.contains_key(&code) {
// ── with
if entries.len() > cap && !entries.contains_key(&code) {
// ── end
