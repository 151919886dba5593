//! kind = "near-miss"
//! problem = 5
//! claim = "a lookup that the table answers does not wait"
//! about = "All lookups go through the cache, whose handler waits for the store."

// ── file cache.rs
// ── after
CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
// ── add
CacheMsg::Ask(code) => {
    let asked = self.store.get(&code).await;
    let found = asked.map(|link| link.filter(|link| !link.is_expired(now())));
    self.loaded(code, found.map_err(unavailable));
}
// ── end
// ── replace
let (store, me) = (self.store.clone(), ctx.clone());
// …
});
// ── with
ctx.send_self(CacheMsg::Ask(code));
// ── end
// ── file links.rs
// ── replace
match self.table.get(&code) {
    // …
}
// ── with
// ── end
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
Ask(Code),
// ── end
