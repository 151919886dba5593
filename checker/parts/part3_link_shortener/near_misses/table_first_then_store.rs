//! kind = "near-miss"
//! problem = 5
//! claim = "a link whose creation was refused does not exist"
//! about = "A link is put into the table before the store has accepted it, and stays there when it does not."
//! mistakes = ["table-before-the-store"]

// ── file links.rs
// ── after
async fn create(&self, new: NewLink) -> Result<Code, Refusal> {
// ── add
    let code = new.code.clone().unwrap_or_else(|| Code::candidates(&new.link.url)[0].clone());
    self.table.put(code, new.link.clone());
// ── end
