//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner shrinks the shuffle"
//! about = "The combiner counts the values instead of adding them up."

// ── file functions.rs
// ── replace
return Some(self.reduce(key, values));
// ── with
return Some(values.len().to_string().into_bytes());
// ── end
