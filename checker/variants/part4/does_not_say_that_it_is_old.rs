//! kind = "near-miss"
//! problem = 1
//! claim = "without the store the ring stays as it was"
//! about = "When the store does not answer, the ring stays, and says nothing."
//! mistakes = ["stale-never-said"]

// ── file ring.rs
// ── gap 1: the members, as the store lists them
if let Ok(members) = read {
    let members: BTreeSet<NodeName> = members.into_iter().collect();
    known.state.members = members.into_iter().collect();
    known.places = Places::of(&known.state.members);
}
// ── end 1
