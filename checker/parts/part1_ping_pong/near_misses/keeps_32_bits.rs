//! kind = "near-miss"
//! problem = 1
//! claim = "large number"
//! about = "The consumer keeps its counts in 32 bits, and cuts a larger number off."

// ── file consumer.rs
// ── replace
*latest = count.max(*latest);
// ── with
*latest = u64::from(count as u32).max(*latest);
// ── end
