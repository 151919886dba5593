//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "The place of a member depends on where it stands in the list."
//! mistakes = ["owner-by-place-in-list"]

// ── file ring.rs
// ── gap 1: places for the members
let places = |(at, node)| (0..PLACES).map(move |number| (place((node, at as u32 * PLACES + number)), NodeName::clone(node)));
Places {
    ring: members.iter().enumerate().flat_map(places).collect(),
}
// ── end 1
