//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "The place of a member depends on where it stands in the list."
//! mistakes = ["owner-by-place-in-list"]

// ── file ring.rs
// ── replace
let members: BTreeSet<&NodeName> = members.iter().collect();
// …
ring.batch_add(places.collect());
// ── with
let mut ring = HashRing::new();
for (at, node) in members.iter().enumerate() {
    ring.batch_add(
        (0..PLACES)
            .map(|number| Place { node: node.clone(), number: at as u32 * PLACES + number })
            .collect(),
    );
}
// ── end
