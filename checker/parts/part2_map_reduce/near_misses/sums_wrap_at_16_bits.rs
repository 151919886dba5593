//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "Counts are numbers of 16 bits, which is enough for the word `the` of the Bible."

// ── file functions.rs
// ── replace
counts.sum::<u64>().to_string().into_bytes()
// ── with
counts.fold(0_u16, |sum, count| sum.wrapping_add(count as u16)).to_string().into_bytes()
// ── end
