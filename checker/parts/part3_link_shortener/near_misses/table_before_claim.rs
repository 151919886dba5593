//! kind = "near-miss"
//! problem = 1
//! claim = "a code that two nodes claim at the same time"
//! about = "A creation puts the link into the table before the store has given it the code, and leaves it there when the code is taken."

// ── file links.rs
// ── after
async fn create(&self, new: NewLink) -> Result<Code, Refusal> {
// ── add
    if let Some(code) = &new.code
        && self.table.get(code).is_none()
    {
        self.table.put(code.clone(), new.link.clone());
    }
// ── end
