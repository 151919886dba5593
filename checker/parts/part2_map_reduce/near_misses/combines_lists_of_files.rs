//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner cuts what is fetched"
//! about = "The index has a combiner, too, whose lists are taken for the name of a file."
//! mistakes = ["combines-lists-of-files"]

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
