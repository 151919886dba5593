//! kind = "near-miss"
//! problem = 1
//! claim = "moves only its own share"
//! about = "The owner is the remainder of a hash by the number of members."

// ── file ring.rs
// ── replace
ring: BTreeMap<u64, NodeName>,
// ── with
members: BTreeSet<NodeName>,
// ── end
// ── replace
let places =
    |node| (0..PLACES).map(move |number| (place((node, number)), NodeName::clone(node)));
Places {
    ring: members.iter().flat_map(places).collect(),
}
// ── with
Places { members: members.iter().cloned().collect() }
// ── end
// ── replace
let next = self.ring.range(place(code)..).next();
let next = next.or_else(|| self.ring.first_key_value());
next.map(|(_, node)| node.clone())
// ── with
let remainder = place(code).checked_rem(self.members.len() as u64)?;
self.members.iter().nth(remainder as usize).cloned()
// ── end
// ── replace
let known = self.known();
// …
next.map(|(_, node)| node.clone())
// ── with
let mut members = self.state().members;
members.retain(|member| !excluded.contains(&member));
Places::of(&members).owner(code)
// ── end
