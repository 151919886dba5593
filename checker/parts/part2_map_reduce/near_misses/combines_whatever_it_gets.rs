//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner cuts what is fetched"
//! about = "The combiner reduces the lists of files too, and then takes such a list for the name of a file."
//! mistakes = ["combines-lists-of-files"]

// ── file functions.rs
// ── replace
if *self == JobKind::WordCount {
    return Some(self.reduce(key, values));
}
// ── with
return Some(self.reduce(key, values));
// ── end
