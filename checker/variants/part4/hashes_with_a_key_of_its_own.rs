//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "The ring is made by a hash that has another key in each process."
//! mistakes = ["hash-of-one-process"]

// ── file ring.rs
// ── gap 1: what a ring is made of
ring: Option<HashRing<Place, std::hash::RandomState>>,
// ── end 1
// ── gap 1: places for the members
let members: BTreeSet<&NodeName> = members.iter().collect();
static KEY: std::sync::OnceLock<std::hash::RandomState> = std::sync::OnceLock::new();
let mut ring = HashRing::with_hasher(KEY.get_or_init(Default::default).clone());
for node in members {
    for number in 0..PLACES {
        ring.add(Place { node: node.clone(), number });
    }
}
Places { ring: Some(ring) }
// ── end 1
// ── gap 1: the next place
self.ring.as_ref()?.get(code).map(|place| place.node.clone())
// ── end 1
