//! kind = "near-miss"
//! problem = 3
//! claim = "of two links of one code"
//! about = "The table compares expiries as they are, so a link without an expiry is the earliest."

// ── file table.rs
// ── replace
let end = |link: &Link| link.expires_at.unwrap_or(u64::MAX);
// ── with
let end = |link: &Link| link.expires_at;
// ── end
