//! kind = "near-miss"
//! problem = 2
//! claim = "a taken code costs one more request"
//! about = "The entry has the owner claim the first code alone, so that a URL with a later code gets another one when the first is free."

// ── file links.rs
// ── after
async fn claim(&self, codes: Vec<Code>, link: Link) -> Result<Claim, Refusal> {
    // ── gap 1: no members
// ── add
    let codes = vec![codes[0].clone()];
// ── end
