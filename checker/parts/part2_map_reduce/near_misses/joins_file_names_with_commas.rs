//! kind = "near-miss"
//! problem = 7
//! claim = "a combiner shrinks the shuffle"
//! about = "The combiner joins the names of files with commas, and `reduce` takes a name with a comma for two."

// ── file functions.rs
// ── replace
let mut files = values.to_vec();
// ── with
let mut files: Vec<&[u8]> = values.iter().flat_map(|value| value.split(|byte| *byte == b',')).collect();
// ── end
// ── replace
if *self == JobKind::WordCount {
// ── with
if *self == JobKind::InvertedIndex {
    return Some(values.join(&b','));
}
if *self == JobKind::WordCount {
// ── end
