//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "The places of a member depend on where it stands in the list."

// ── file ring.rs
// ── replace
let places =
    |node| (0..PLACES).map(move |number| (place((node, number)), NodeName::clone(node)));
// ── with
let places = |(at, node)| (0..PLACES).map(move |number| (place((node, at as u32 * PLACES + number)), NodeName::clone(node)));
// ── end
// ── replace
ring: members.iter().flat_map(places).collect(),
// ── with
ring: members.iter().enumerate().flat_map(places).collect(),
// ── end
