//! kind = "near-miss"
//! problem = 2
//! claim = "the owner does the work"
//! about = "The entry asks the second owner, too, when the owner answers that there is no such link."

// ── file links.rs
// ── after
// may have done its work, so that only its answer is lost; then the second learns that from the
// store.
//
// The second owner is never this node. A node that cannot reach the owner may be cut off
// itself, and cannot know. If it reaches the second owner, it is not cut off.
// ── add
let asked = match asked {
    Ok(Err(Refusal::NotFound)) => Err("it has no such link".to_owned()),
    asked => asked,
};
// ── end
