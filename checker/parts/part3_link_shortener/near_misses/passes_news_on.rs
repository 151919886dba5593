//! kind = "right"
//! about = "A cache that learns a new link passes it on to all others once."

// ── file cache.rs
// ── replace
CacheMsg::Learn(code, link) => self.table.put(code, link),
// ── with
CacheMsg::Learn(code, link) => {
    let before = self.known(&code);
    self.table.put(code.clone(), link.clone());
    if self.known(&code) != before {
        announce(code, link, ctx);
    }
}
// ── end
