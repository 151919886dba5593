//! kind = "near-miss"
//! problem = 2
//! claim = "a full table stays at 1000 entries"
//! about = "The limit holds for links from the store and for created links; links from other nodes are kept without it."

// ── file cache.rs
// ── replace
CacheMsg::Learn(code, link) => self.table.put(code, link),
// ── with
CacheMsg::Learn(code, link) => self.table.put_always(code, link),
// ── end
// ── file table.rs
// ── after
impl Table {
// ── add
    pub fn put_always(&self, code: Code, link: Link) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(code, Entry::Link(link));
    }
// ── end
