//! kind = "near-miss"
//! problem = 1
//! claim = "moves its own share only"
//! about = "The owner is the remainder of a hash by the number of members."
//! mistakes = ["owner-by-number-of-members"]

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
let hash = Sha256::digest(code.as_str());
let hash = u64::from_be_bytes(hash[..8].try_into().unwrap());
let remainder = hash.checked_rem(self.members.len() as u64)?;
Some(self.members[remainder as usize].clone())
// ── end
