//! kind = "near-miss"
//! problem = 6
//! claim = "expired links are removed from the store"
//! about = "Expired links are looked for in the store, and removed from the tables."
//! mistakes = ["does-not-remove"]

// ── file sweeper.rs
// ── gap 6: sweep
let Ok(expired) = self.store.expired().await else {
    return;
};
for (code, link) in expired {
    self.swept += 1;
    tell_tables(&code, &link, ctx).await;
}
// ── end 6
