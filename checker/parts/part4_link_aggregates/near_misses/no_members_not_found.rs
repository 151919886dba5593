//! kind = "near-miss"
//! problem = 1
//! claim = "without members no link is created"
//! about = "While the store lists no members, a lookup is answered 404."

// ── file links.rs
// ── replace
None => return read(&self.store, &code).await,
// ── with
None => return Err(Refusal::NotFound),
// ── end
