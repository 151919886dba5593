//! kind = "near-miss"
//! problem = 1
//! claim = "costs the store nothing more"
//! about = "A lookup asks the store first, and the table only when the store fails."

// ── file links.rs
// ── after
async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
// ── add
    match self.store.get(&code).await {
        Ok(Some(link)) if !link.is_expired(now()) => {
            self.table.put(code, link.clone());
            return Ok(link);
        }
        Ok(_) => {
            self.table.put_negative(code);
            return Err(Refusal::NotFound);
        }
        Err(_) => {}
    }
// ── end
