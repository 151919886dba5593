//! kind = "near-miss"
//! problem = 1
//! claim = "the members are those that the store lists"
//! about = "A node takes members from the store until it has three, and never again."

// ── file ring.rs
// ── after
match read {
// ── add
    Ok(_) if known.state.members.len() >= 3 => known.state.stale = None,
// ── end
