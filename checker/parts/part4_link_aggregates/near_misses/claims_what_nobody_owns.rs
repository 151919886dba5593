//! kind = "near-miss"
//! problem = 1
//! claim = "without members nothing is created"
//! about = "Without members, the node that is asked claims the code."

// ── file links.rs
// ── replace
let why = self.owners.state().stale;
// …
)));
// ── with
return self.owned.claim(codes, link).await;
// ── end
