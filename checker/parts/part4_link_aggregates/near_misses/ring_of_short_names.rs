//! kind = "near-miss"
//! problem = 1
//! claim = "every member owns a fair share of the codes"
//! about = "Only the part of a name before the @ is hashed, so two nodes with one short name on two hosts have the same places."

// ── file ring.rs
// ── replace
        let places =
            |node| (0..PLACES).map(move |number| (place((node, number)), NodeName::clone(node)));
        Places {
            ring: members.iter().flat_map(places).collect(),
        }
// ── with
let mut ring = BTreeMap::new();
for node in members {
    for number in 0..PLACES {
        ring.insert(place((node.short(), number)), node.clone());
    }
}
Places { ring }
// ── end
