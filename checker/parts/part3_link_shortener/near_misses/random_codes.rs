//! kind = "near-miss"
//! problem = 1
//! claim = "the same URL gets the same code"
//! about = "A code is a random number, a new one each time."

// ── file links.rs
// ── replace
None => Code::candidates(&new.link.url),
// ── with
None => vec![format!("{:x}", self.node.random()).parse().map_err(Refusal::Unavailable)?],
// ── end
