//! kind = "right"
//! about = "The owner is the member whose hash with the code is the greatest (rendezvous hashing)."

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
self.members
    .iter()
    .max_by_key(|node| {
        let hash = Sha256::new().chain_update(node.as_str()).chain_update(" ").chain_update(code.as_str());
        <[u8; 32]>::from(hash.finalize())
    })
    .cloned()
// ── end 1
// ── gap 10: who comes next
pub fn without(&self, absent: &[&NodeName], code: &Code) -> Option<NodeName> {
    let mut members = self.state().members;
    members.retain(|member| !absent.contains(&member));
    Places::of(&members).owner(code)
}
// ── end 10
// ── gap 1: the places of a node
const NO_RING: () = ();
// ── end 1
