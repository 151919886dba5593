//! kind = "near-miss"
//! problem = 2
//! claim = "the owner does the work"
//! about = "A look-up asks one node after the other, until one has the link."
//! mistakes = ["others-asked-for-link"]

// ── file links.rs
// ── gap 2: have the owner look it up
match self.owners.of(&code) {
    Some(owner) if owner == *self.node.name() => {}
    Some(owner) => {
        for node in self.node.list() {
            let found: Result<Link, Refusal> = self.ask(&code, &node, &LOOK_UP, code.clone()).await;
            if found.is_ok() {
                return found;
            }
        }
        return self.ask(&code, &owner, &LOOK_UP, code.clone()).await;
    }
    None => return read(&self.store, &code).await,
}
// ── end 2
