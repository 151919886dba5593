//! kind = "near-miss"
//! problem = 2
//! claim = "is in the tables of all nodes"
//! about = "A link from another node does not replace a negative entry that has not expired."

// ── file cache.rs
// ── replace
CacheMsg::Learn(code, link) => self.table.put(code, link),
// ── with
CacheMsg::Learn(code, link) => {
    if self.table.get(&code) != Some(Known::Absent) {
        self.table.put(code, link);
    }
}
// ── end
