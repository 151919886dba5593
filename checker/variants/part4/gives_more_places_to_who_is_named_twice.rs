//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "Whoever is named twice gets twice the places on the ring."
//! mistakes = ["named-twice-owns-more"]

// ── file ring.rs
// ── gap 1: places for the members
let mut named: std::collections::BTreeMap<&NodeName, u32> = Default::default();
for node in members {
    *named.entry(node).or_default() += 1;
}
let places = |(node, times)| (0..PLACES * times).map(move |number| (place((node, number)), NodeName::clone(node)));
Places {
    ring: named.into_iter().flat_map(places).collect(),
}
// ── end 1
