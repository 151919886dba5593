//! kind = "near-miss"
//! problem = 1
//! claim = "does not cost the store anything"
//! about = "What the table knows is answered at once, and each time the store is asked whether it is still so."
//! mistakes = ["asks-whether-it-is-still-so"]

// ── file links.rs
// ── replace
Some(Known::Link(link)) => return Ok(link),
// ── with
Some(Known::Link(link)) => {
    let (store, table) = (self.store.clone(), self.table.clone());
    tokio::spawn(async move {
        if let Ok(Some(link)) = store.get(&code).await {
            table.put(code, link);
        }
    });
    return Ok(link);
}
// ── end
