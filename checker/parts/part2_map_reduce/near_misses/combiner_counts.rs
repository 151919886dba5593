//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner cuts what is fetched"
//! about = "The combiner counts the values instead of adding them up."
//! mistakes = ["counts-instead-of-adding"]

// ── file functions.rs
// ── replace
return Some(self.reduce(key, values));
// ── with
return Some(values.len().to_string().into_bytes());
// ── end
