//! kind = "right"
//! about = "The owner is the member whose hash with the code is the greatest (rendezvous hashing)."

// ── file ring.rs
// ── replace
ring: HashRing<Place>,
// ── with
members: Vec<NodeName>,
// ── end
// ── replace
let places = members.into_iter().flat_map(|node| {
// …
Places { ring }
// ── with
Places { members: members.into_iter().cloned().collect() }
// ── end
// ── replace
self.ring.get(code).map(|place| place.node.clone())
// ── with
use sha2::{Digest, Sha256};
let score = |node: &&NodeName| Sha256::digest(format!("{node} {}", code.as_str()));
self.members.iter().max_by_key(score).cloned()
// ── end
