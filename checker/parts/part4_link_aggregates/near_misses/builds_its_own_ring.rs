//! kind = "right"
//! about = "The ring is a sorted map of 512 places a node, by SHA-256."

// ── file ring.rs
// ── replace
ring: HashRing<Place>,
// ── with
places: BTreeMap<u64, NodeName>,
// ── end
// ── replace
let places = members.into_iter().flat_map(|node| {
// …
Places { ring }
// ── with
let mut places = BTreeMap::new();
for node in members {
    for number in 0..512 {
        places.insert(place(&format!("{number} of {node}")), node.clone());
    }
}
Places { places }
// ── end
// ── replace
self.ring.get(code).map(|place| place.node.clone())
// ── with
let next = self.places.range(place(code.as_str())..).next();
next.or_else(|| self.places.iter().next()).map(|(_, node)| node.clone())
// ── end
// ── add
fn place(text: &str) -> u64 {
    let hash = Sha256::digest(text);
    u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"))
}

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
// ── end
