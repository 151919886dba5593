//! kind = "near-miss"
//! problem = 3
//! claim = "after it their tables meet"
//! about = "The first table that comes is learnt, and no later one."
//! mistakes = ["does-not-learn-tables"]

// ── file cache.rs
// ── replace
for (code, link) in links {
    self.table.put(code, link);
}
// ── with
static IS_WARM: std::sync::Once = std::sync::Once::new();
IS_WARM.call_once(|| {
    for (code, link) in links {
        self.table.put(code, link);
    }
});
// ── end
