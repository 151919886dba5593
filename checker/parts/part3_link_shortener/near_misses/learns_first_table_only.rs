//! kind = "near-miss"
//! problem = 3
//! claim = "tables are equal after"
//! about = "A node learns the first table that arrives, and no later one."
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
