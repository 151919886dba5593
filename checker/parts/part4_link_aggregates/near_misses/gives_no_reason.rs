//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, but no lookups"
//! about = "The entry refuses a creation without a reason."

// ── file links.rs
// ── replace
Refusal::Unavailable(format!(
    "{owner} owns this code and cannot be reached: {why}"
))
// ── with
Refusal::Unavailable(String::new())
// ── end
