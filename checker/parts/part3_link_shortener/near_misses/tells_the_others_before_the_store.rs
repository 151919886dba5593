//! kind = "near-miss"
//! problem = 2
//! claim = "nobody knows a link before the store has it"
//! about = "The others are told of a link first, and then the store."
//! mistakes = ["tells-before-the-store"]

// ── file links.rs
// ── after
async fn create(&self, new: NewLink) -> Result<Code, Refusal> {
// ── add
    let code = new.code.clone().unwrap_or_else(|| Code::candidates(&new.link.url)[0].clone());
    let news = CacheMsg::Announce(code, new.link.clone());
    let _ = self.node.cast(&CACHE.at(self.node.name()), news).await;
// ── end
