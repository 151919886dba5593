//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner shrinks the shuffle"
//! about = "The combiner writes the values of a key side by side into one list, which is as long as they were."

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
