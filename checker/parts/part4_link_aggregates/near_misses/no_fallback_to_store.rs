//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, but no lookups"
//! about = "The entry refuses lookups when it cannot reach the owner."

// ── file links.rs
// ── replace
if let Err(Refusal::Unavailable(_)) = found {
    return read(&self.store, &code).await;
}
// ── with
// ── end
