//! kind = "near-miss"
//! problem = 1
//! claim = "costs the store nothing more"
//! about = "The table answers at once, and the node asks the store each time whether the link is still the same."

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
