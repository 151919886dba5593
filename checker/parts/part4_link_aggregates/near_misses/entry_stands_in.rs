//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it"
//! about = "The entry claims the code itself when it cannot reach the owner."

// ── file links.rs
// ── replace
return self.ask(&code, &owner, &CLAIM, (codes, link)).await;
// ── with
let asked = self.ask(&code, &owner, &CLAIM, (codes.clone(), link.clone())).await;
return match asked {
    Err(Refusal::Unavailable(_)) => self.owned.claim(codes, link).await,
    asked => asked,
};
// ── end
