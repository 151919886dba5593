//! kind = "near-miss"
//! problem = 1
//! claim = "without members no link is created"
//! about = "While the store lists no members, the entry claims the code itself."

// ── file links.rs
// ── replace
let why = self.owners.state().stale;
// …
)));
// ── with
return self.owned.claim(codes, link).await;
// ── end
