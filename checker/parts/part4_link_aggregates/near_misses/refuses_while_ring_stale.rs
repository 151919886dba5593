//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, but no lookups"
//! about = "An entry whose ring may be old refuses creations, although it can reach the owner."

// ── file links.rs
// ── replace
if self.owners.of(&codes[0]).is_none() {
// ── with
if self.owners.of(&codes[0]).is_none() || self.owners.state().stale.is_some() {
// ── end
