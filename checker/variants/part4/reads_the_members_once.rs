//! kind = "near-miss"
//! problem = 1
//! claim = "the members are those that the store lists"
//! about = "The members are read until there are some, and never again."
//! mistakes = ["members-taken-once"]

// ── file ring.rs
// ── gap 1: the members, as the store lists them
match read {
    Ok(members) => {
        if known.state.members.len() < 3 {
            let members: BTreeSet<NodeName> = members.into_iter().collect();
            known.state.members = members.into_iter().collect();
            known.places = Places::of(&known.state.members);
        }
        known.state.stale = None;
    }
    Err(why) => known.state.stale = Some(why),
}
// ── end 1
