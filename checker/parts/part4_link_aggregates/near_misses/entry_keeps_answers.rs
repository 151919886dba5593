//! kind = "near-miss"
//! problem = 2
//! claim = "only the owner keeps a link"
//! about = "The entry keeps the owner's answer in its own table."
//! mistakes = ["entry-keeps-answers"]

// ── file links.rs
// ── after
async fn find(&self, code: Code) -> Result<Link, Refusal> {
// ── add
    if let Some(link) = self.owned.table.get(&code) {
        return Ok(link);
    }
// ── end
// ── replace
Some(owner) => return self.ask(&code, &owner, &LOOK_UP, code.clone()).await,
// ── with
Some(owner) => {
    let link = self.ask(&code, &owner, &LOOK_UP, code.clone()).await?;
    self.owned.table.put(code, link.clone());
    return Ok(link);
}
// ── end
