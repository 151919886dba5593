//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner cuts what is fetched"
//! about = "The combiner puts the values of a key side by side in one list, which is as long as they were."
//! mistakes = ["combines-nothing"]

// ── file functions.rs
// ── after
.iter()
// ── add
.flat_map(|value| value.split(|byte| *byte == b' '))
// ── end
// ── replace
return Some(self.reduce(key, values));
// ── with
return Some(values.join(&b' '));
// ── end
