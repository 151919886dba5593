//! kind = "near-miss"
//! problem = 2
//! claim = "a 201 comes when the store has the link"
//! about = "A creation is answered 201 at once; the tables get the link when the store has it."

// ── file links.rs
// ── replace
let (code, link) = self.claim(new).await?;
// …
    .await;
// ── with
let code = new.code.clone().unwrap_or_else(|| Code::candidates(&new.link.url)[0].clone());
let links = self.clone();
tokio::spawn(async move {
    if let Ok((code, link)) = links.claim(new).await {
        links.table.put(code.clone(), link.clone());
        let cache = CACHE.at(links.node.name());
        let _ = links.node.cast(&cache, CacheMsg::Announce(code, link)).await;
    }
});
// ── end
