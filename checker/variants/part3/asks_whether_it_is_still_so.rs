//! kind = "near-miss"
//! problem = 1
//! claim = "does not cost the store anything"
//! about = "What the table knows is answered at once, and each time the store is asked whether it is still so."
//! mistakes = ["asks-whether-it-is-still-so"]

// ── file links.rs
// ── gap 1: ask the table first, and fill it
match self.table.get(&code) {
    Some(Known::Link(link)) => {
        let (store, table) = (self.store.clone(), self.table.clone());
        tokio::spawn(async move {
            if let Ok(Some(link)) = store.get(&code).await {
                table.put(code, link);
            }
        });
        return Ok(link);
    }
    Some(Known::Nothing) => return Err(Refusal::NotFound),
    None => {}
}
let cache = CACHE.at(self.node.name());
let asked = self
    .node
    .call(&cache, |reply| CacheMsg::Load(code.clone(), reply));
if let Ok(answer) = asked.await {
    return answer;
}
// ── end 1
