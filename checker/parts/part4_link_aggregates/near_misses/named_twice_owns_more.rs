//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "A member that is named twice gets twice as many places on the ring."

// ── file ring.rs
// ── replace
let places =
    |node| (0..PLACES).map(move |number| (place((node, number)), NodeName::clone(node)));
// ── with
let mut named: BTreeMap<&NodeName, u32> = BTreeMap::new();
for node in members {
    *named.entry(node).or_default() += 1;
}
let places = |(node, times)| (0..PLACES * times).map(move |number| (place((node, number)), NodeName::clone(node)));
// ── end
// ── replace
ring: members.iter().flat_map(places).collect(),
// ── with
ring: named.into_iter().flat_map(places).collect(),
// ── end
