//! kind = "near-miss"
//! problem = 1
//! claim = "the members are those that the store lists"
//! about = "A node adds the members that it reads to those that it knows, and forgets none."

// ── file ring.rs
// ── replace
let members: BTreeSet<NodeName> = members.into_iter().collect();
// ── with
let known_before = known.state.members.iter().cloned();
let members: BTreeSet<NodeName> = members.into_iter().chain(known_before).collect();
// ── end
