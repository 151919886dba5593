//! kind = "near-miss"
//! problem = 10
//! claim = "the death of an owner stops no request"
//! about = "The second owner looks links up and creates none."

// ── file links.rs
// ── replace
return self.ask(&code, &owner, &CLAIM, (codes, link)).await;
// ── with
let asked = self.run_on(&owner, &CLAIM, (codes, link), OWNER_TIMEOUT).await;
return asked.unwrap_or_else(|why| Err(unreachable(&owner, &why)));
// ── end
