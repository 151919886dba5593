//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, and no look-ups"
//! about = "When the owner cannot be reached, there is no such link."

// ── file links.rs
// ── replace
return read(&self.store, &code).await;
// ── with
return Err(Refusal::NotFound);
// ── end
