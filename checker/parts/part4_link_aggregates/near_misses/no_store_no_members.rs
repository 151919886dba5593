//! kind = "near-miss"
//! problem = 1
//! claim = "without the store the ring stays as it was"
//! about = "When the store does not answer, the ring has no members."

// ── file ring.rs
// ── replace
Err(why) => known.state.stale = Some(why),
// ── with
Err(why) => {
    known.state.stale = Some(why);
    known.state.members.clear();
    known.places = Places::default();
}
// ── end
