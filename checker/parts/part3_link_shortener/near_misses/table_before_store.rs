//! kind = "near-miss"
//! problem = 5
//! claim = "a link whose creation was refused does not exist"
//! about = "A creation puts the link into the table before the store has accepted it, and leaves it there when the store refuses."

// ── file links.rs
// ── after
async fn create(&self, new: NewLink) -> Result<Code, Refusal> {
// ── add
    let code = new.code.clone().unwrap_or_else(|| Code::candidates(&new.link.url)[0].clone());
    self.table.put(code, new.link.clone());
// ── end
