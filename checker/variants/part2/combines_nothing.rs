//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner cuts what is fetched"
//! about = "The combiner puts the values of a key side by side in one list, which is as long as they were."
//! mistakes = ["combines-nothing"]

// ── file functions.rs
// ── gap 1: add up
let counts = values
    .iter()
    .flat_map(|value| value.split(|byte| *byte == b' '))
    .filter_map(|value| str::from_utf8(value).ok()?.parse::<u64>().ok());
counts.sum::<u64>().to_string().into_bytes()
// ── end 1
// ── gap 7: combine
if *self == JobKind::WordCount {
    return Some(values.join(&b' '));
}
// ── end 7
