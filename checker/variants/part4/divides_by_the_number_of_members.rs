//! kind = "near-miss"
//! problem = 1
//! claim = "moves its own share only"
//! about = "The owner is the remainder of a hash by the number of members."
//! mistakes = ["owner-by-number-of-members"]

// ── file ring.rs
// ── gap 1: what a ring is made of
members: Vec<NodeName>,
// ── end 1
// ── gap 1: places for the members
let members: BTreeSet<NodeName> = members.iter().cloned().collect();
Places { members: members.into_iter().collect() }
// ── end 1
// ── gap 1: the next place
use sha2::{Digest, Sha256};
let hash = Sha256::digest(code.as_str());
let hash = u64::from_be_bytes(hash[..8].try_into().unwrap());
if self.members.is_empty() {
    return None;
}
Some(self.members[(hash % self.members.len() as u64) as usize].clone())
// ── end 1
// ── gap 10: who comes next
pub fn without(&self, absent: &[&NodeName], code: &Code) -> Option<NodeName> {
    let mut members = self.state().members;
    members.retain(|member| !absent.contains(&member));
    Places::of(&members).owner(code)
}
// ── end 10
// ── gap 1: the places of a node
const NOT_A_RING: () = ();
// ── end 1
