//! kind = "near-miss"
//! problem = 6
//! claim = "expired links are removed from the store"
//! about = "Expired links are looked for in the store, and removed from the tables."
//! mistakes = ["does-not-remove"]

// ── file sweeper.rs
// ── replace
let Ok(removed) = self.store.remove(&code, &link).await else {
    // …
self.swept += u64::from(removed);
// ── with
self.swept += 1;
// ── end
