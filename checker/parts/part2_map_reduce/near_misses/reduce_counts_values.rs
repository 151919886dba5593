//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner shrinks the shuffle"
//! about = "The combiner adds up, and `reduce` counts the sums."

// ── file functions.rs
// ── replace
let counts = values
    // …
counts.sum::<u64>().to_string().into_bytes()
// ── with
values.len().to_string().into_bytes()
// ── end
// ── replace
return Some(self.reduce(key, values));
// ── with
let counts = values.iter().filter_map(|value| str::from_utf8(value).ok()?.parse::<u64>().ok());
return Some(counts.sum::<u64>().to_string().into_bytes());
// ── end
