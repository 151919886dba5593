//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner shrinks the shuffle"
//! about = "The index has a combiner too, and takes a combined list for the name of one file."

// ── file functions.rs
// ── replace
if *self == JobKind::WordCount {
    return Some(self.reduce(key, values));
}
// ── with
return Some(match self {
    JobKind::WordCount => self.reduce(key, values),
    JobKind::InvertedIndex => values.join(&b'\t'),
});
// ── end
