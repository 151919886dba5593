//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "A word that stands twice in a line is counted once."
//! mistakes = ["counts-a-word-once-a-line"]

// ── file functions.rs
// ── imports
use std::collections::BTreeSet;
// ── end imports
// ── gap 1: count words
for word in words(record).collect::<BTreeSet<_>>() {
    emit(word, b"1");
}
// ── end 1
