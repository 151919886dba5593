//! kind = "near-miss"
//! problem = 6
//! claim = "keeps the new link"
//! about = "A table that is told of a swept link removes whatever link the code has now."

// ── file cache.rs
// ── replace
CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
// ── with
CacheMsg::Forget(code, _) => {
    if let Some(link) = self.known(&code) {
        self.table.remove(&code, &link);
    }
}
// ── end
