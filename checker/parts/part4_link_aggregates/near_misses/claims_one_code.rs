//! kind = "near-miss"
//! problem = 2
//! claim = "a taken code costs one more request"
//! about = "The entry has the owner claim the first code alone, so that a URL with a later code gets another one when the first is free."

// ── file links.rs
// ── replace
return self.ask(&code, &owner, &CLAIM, (codes, link)).await;
// ── with
return self.ask(&code, &owner, &CLAIM, (vec![code.clone()], link)).await;
// ── end
