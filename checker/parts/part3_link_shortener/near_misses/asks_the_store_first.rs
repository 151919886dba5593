//! kind = "near-miss"
//! problem = 1
//! claim = "does not cost the store anything"
//! about = "The store is asked first, and the table only when it does not answer."
//! mistakes = ["asks-for-what-it-knew"]

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
            self.table.put_nothing(code);
            return Err(Refusal::NotFound);
        }
        Err(_) => {}
    }
// ── end
