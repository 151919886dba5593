//! kind = "near-miss"
//! problem = 2
//! claim = "the owner does the work"
//! about = "The entry claims the code itself, and has the owner claim it too."
//! mistakes = ["entry-claims-too"]

// ── file links.rs
// ── replace
let code = codes[0].clone();
return self.ask(&code, &owner, &CLAIM, (codes, link)).await;
// ── with
let claimed = self.owned.claim(codes.clone(), link.clone()).await;
let code = codes[0].clone();
let _: Result<Claim, Refusal> = self.ask(&code, &owner, &CLAIM, (codes, link)).await;
return claimed;
// ── end
