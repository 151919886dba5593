//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, and no look-ups"
//! about = "When the owner cannot be reached, there is no such link."
//! mistakes = ["unreachable-is-not-found"]

// ── file links.rs
// ── gap 3: answer without the owner
if let Err(Refusal::Unavailable(_)) = found {
    return Err(Refusal::NotFound);
}
// ── end 3
