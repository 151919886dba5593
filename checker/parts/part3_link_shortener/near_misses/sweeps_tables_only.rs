//! kind = "near-miss"
//! problem = 6
//! claim = "expired links are removed from the store"
//! about = "The sweeper looks for expired links in the store, and removes them from the tables only."

// ── file sweeper.rs
// ── replace
let Ok(removed) = self.store.remove(&code, &link).await else {
    // …
self.swept += u64::from(removed);
// ── with
self.swept += 1;
// ── end
