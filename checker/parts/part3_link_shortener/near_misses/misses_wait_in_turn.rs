//! kind = "near-miss"
//! problem = 5
//! claim = "lookups of different codes wait for the store at the same time"
//! about = "The cache's handler waits for the store, for one lookup after another."

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
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
Ask(Code),
// ── end
