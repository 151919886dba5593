//! kind = "near-miss"
//! problem = 1
//! claim = "the members are those that the store lists"
//! about = "The members are read until there are some, and never again."

// ── file ring.rs
// ── after
match read {
// ── add
    Ok(_) if known.state.members.len() >= 3 => known.state.stale = None,
// ── end
