//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "A word that stands twice in a line counts once."

// ── file functions.rs
// ── replace
JobKind::WordCount => {
    for word in words(record) {
// ── with
JobKind::WordCount => {
    for word in words(record).collect::<BTreeSet<_>>() {
// ── end
// ── add
use std::collections::BTreeSet;
// ── end
