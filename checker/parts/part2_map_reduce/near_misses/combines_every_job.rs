//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner shrinks the shuffle"
//! about = "The combiner reduces the lists of files too, and takes such a list for the name of one file."

// ── file functions.rs
// ── replace
if *self == JobKind::WordCount {
    return Some(self.reduce(key, values));
}
// ── with
return Some(self.reduce(key, values));
// ── end
