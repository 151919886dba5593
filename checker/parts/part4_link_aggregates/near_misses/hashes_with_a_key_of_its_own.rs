//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "The ring is made by a hash that has another key in each process."
//! mistakes = ["hash-of-one-process"]

// ── file ring.rs
// ── replace
ring: HashRing<Place>,
// ── with
ring: Option<HashRing<Place, std::hash::RandomState>>,
// ── end
// ── replace
let places = members.into_iter().flat_map(|node| {
    // …
Places { ring }
// ── with
static KEY: std::sync::OnceLock<std::hash::RandomState> = std::sync::OnceLock::new();
let mut ring = HashRing::with_hasher(KEY.get_or_init(Default::default).clone());
for node in members {
    for number in 0..PLACES {
        ring.add(Place { node: node.clone(), number });
    }
}
Places { ring: Some(ring) }
// ── end
// ── replace
self.ring.get(code).map(|place| place.node.clone())
// ── with
self.ring.as_ref()?.get(code).map(|place| place.node.clone())
// ── end
