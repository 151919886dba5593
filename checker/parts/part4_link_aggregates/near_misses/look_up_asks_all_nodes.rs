//! kind = "near-miss"
//! problem = 2
//! claim = "the owner does the work"
//! about = "A lookup asks one node after the other, until one has the link."
//! mistakes = ["others-asked-for-link"]

// ── file links.rs
// ── replace
Some(owner) => return self.ask(&code, &owner, &LOOK_UP, code.clone()).await,
// ── with
Some(owner) => {
    for node in self.node.list() {
        let found: Result<Link, Refusal> = self.ask(&code, &node, &LOOK_UP, code.clone()).await;
        if found.is_ok() {
            return found;
        }
    }
    return self.ask(&code, &owner, &LOOK_UP, code.clone()).await;
}
// ── end
