//! kind = "near-miss"
//! problem = 1
//! claim = "costs the store nothing more"
//! about = "The table answers at once, and the node asks the store each time whether the link is still the same."

// ── file links.rs
// ── replace
Some(Known::Link(link)) => return Ok(link),
// ── with
Some(Known::Link(link)) => {
    let cache = CACHE.at(self.node.name());
    let _ = self.node.cast(&cache, CacheMsg::Revalidate(code)).await;
    return Ok(link);
}
// ── end
// ── file cache.rs
// ── after
CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
// ── add
CacheMsg::Revalidate(code) => {
    let (store, table) = (self.store.clone(), self.table.clone());
    ctx.spawn(async move {
        if let Ok(Some(link)) = store.get(&code).await {
            table.put(code, link);
        }
    });
}
// ── end
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
Revalidate(Code),
// ── end
