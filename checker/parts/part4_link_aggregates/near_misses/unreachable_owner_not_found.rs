//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, but no lookups"
//! about = "The entry answers 404 when it cannot reach the owner."

// ── file links.rs
// ── replace
return read(&self.store, &code).await;
// ── with
return Err(Refusal::NotFound);
// ── end
