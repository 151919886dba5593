//! kind = "near-miss"
//! problem = 1
//! claim = "without the store the ring stays as it was"
//! about = "When the store does not answer, there are no members."
//! mistakes = ["silence-is-no-members"]

// ── file ring.rs
// ── gap 1: the members, as the store lists them
let members = match read {
    Ok(members) => {
        known.state.stale = None;
        members
    }
    Err(why) => {
        known.state.stale = Some(why);
        Vec::new()
    }
};
let members: BTreeSet<NodeName> = members.into_iter().collect();
known.state.members = members.into_iter().collect();
known.places = Places::of(&known.state.members);
// ── end 1
