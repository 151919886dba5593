//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "The first letter of a key decides on its partition."

// ── file functions.rs
// ── replace
let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
    // …
});
// ── with
let hash = key.first().copied().map_or(0, u64::from);
// ── end
