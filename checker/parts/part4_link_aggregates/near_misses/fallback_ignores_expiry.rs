//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, but no lookups"
//! about = "The entry follows an expired link when it cannot reach the owner."

// ── file links.rs
// ── replace
if let Err(Refusal::Unavailable(_)) = found {
    return read(&self.store, &code).await;
}
// ── with
if let Err(Refusal::Unavailable(_)) = found {
    let stored = self.store.get(&code).await.map_err(unavailable)?;
    return stored.ok_or(Refusal::NotFound);
}
// ── end
