//! kind = "near-miss"
//! problem = 6
//! claim = "says how many links it has swept"
//! about = "A link that was removed is counted for each table that is told."
//! mistakes = ["counts-each-table"]

// ── file sweeper.rs
// ── gap 6: sweep
let Ok(expired) = self.store.expired().await else {
    return;
};
for (code, link) in expired {
    let Ok(removed) = self.store.remove(&code, &link).await else {
        return;
    };
    self.swept += u64::from(removed) * ctx.groups().members(&CACHES).len() as u64;
    tell_tables(&code, &link, ctx).await;
}
// ── end 6
