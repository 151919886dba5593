//! kind = "near-miss"
//! problem = 2
//! claim = "no node knows a link before the store has it"
//! about = "A creation sends the link to the other nodes first, and then to the store."

// ── file links.rs
// ── after
async fn create(&self, new: NewLink) -> Result<Code, Refusal> {
// ── add
    let code = new.code.clone().unwrap_or_else(|| Code::candidates(&new.link.url)[0].clone());
    let news = CacheMsg::Announce(code, new.link.clone());
    let _ = self.node.cast(&CACHE.at(self.node.name()), news).await;
// ── end
