//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, and no look-ups"
//! about = "When the owner cannot be reached, look-ups are refused."

// ── file links.rs
// ── replace
if let Err(Refusal::Unavailable(_)) = found {
    return read(&self.store, &code).await;
}
// ── with
// ── end
