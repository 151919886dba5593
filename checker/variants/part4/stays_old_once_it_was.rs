//! kind = "near-miss"
//! problem = 1
//! claim = "without the store the ring stays as it was"
//! about = "What was once said of the ring being old is never taken back."
//! mistakes = ["stale-never-cleared"]

// ── file ring.rs
// ── gap 1: the members, as the store lists them
match read {
    Ok(members) => {
        let members: BTreeSet<NodeName> = members.into_iter().collect();
        known.state.members = members.into_iter().collect();
        known.places = Places::of(&known.state.members);
    }
    Err(why) => known.state.stale = Some(why),
}
// ── end 1
