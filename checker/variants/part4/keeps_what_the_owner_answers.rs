//! kind = "near-miss"
//! problem = 2
//! claim = "only the owner keeps a link"
//! about = "What the owner answers is kept in the table of the node that asked."
//! mistakes = ["entry-keeps-answers"]

// ── file links.rs
// ── gap 2: have the owner look it up
if let Some(link) = self.owned.table.get(&code) {
    return Ok(link);
}
match self.owners.of(&code) {
    Some(owner) if owner == *self.node.name() => {}
    Some(owner) => {
        let link = self.ask(&code, &owner, &LOOK_UP, code.clone()).await?;
        self.owned.table.put(code, link.clone());
        return Ok(link);
    }
    None => return read(&self.store, &code).await,
}
// ── end 2
