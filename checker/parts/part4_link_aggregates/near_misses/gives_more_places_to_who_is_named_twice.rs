//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "Whoever is named twice gets twice the places on the ring."
//! mistakes = ["named-twice-owns-more"]

// ── file ring.rs
// ── replace
let members: BTreeSet<&NodeName> = members.iter().collect();
// …
ring.batch_add(places.collect());
// ── with
let mut named: std::collections::BTreeMap<&NodeName, u32> = Default::default();
for node in members {
    *named.entry(node).or_default() += 1;
}
let mut ring = HashRing::new();
for (node, times) in named {
    ring.batch_add(
        (0..PLACES * times).map(|number| Place { node: node.clone(), number }).collect(),
    );
}
// ── end
