//! kind = "near-miss"
//! problem = 6
//! claim = "the sweeper tells the tables"
//! about = "Expired links are removed from the store; the tables keep them."
//! mistakes = ["does-not-tell-the-tables"]

// ── file sweeper.rs
// ── gap 6: sweep
let Ok(expired) = self.store.expired().await else {
    return;
};
for (code, link) in expired {
    let Ok(removed) = self.store.remove(&code, &link).await else {
        return;
    };
    self.swept += u64::from(removed);
}
// ── end 6
