//! kind = "right"
//! about = "The ring is a sorted map of 512 places a node, by SHA-256."

// ── file ring.rs
// ── gap 1: what a ring is made of
places: std::collections::BTreeMap<u64, NodeName>,
// ── end 1
// ── gap 1: places for the members
let mut places = std::collections::BTreeMap::new();
let members: BTreeSet<&NodeName> = members.iter().collect();
for node in members {
    for number in 0..PLACES {
        places.insert(place(&format!("{number} of {node}")), node.clone());
    }
}
Places { places }
// ── end 1
// ── gap 1: the next place
let next = self.places.range(place(code.as_str())..).next();
next.or_else(|| self.places.iter().next()).map(|(_, node)| node.clone())
// ── end 1
// ── gap 10: who comes next
pub fn without(&self, absent: &[&NodeName], code: &Code) -> Option<NodeName> {
    let mut members = self.state().members;
    members.retain(|member| !absent.contains(&member));
    Places::of(&members).owner(code)
}
// ── end 10
// ── gap 1: the places of a node
const PLACES: u32 = 512;

fn place(text: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(text);
    u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"))
}
// ── end 1
