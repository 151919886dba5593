//! kind = "near-miss"
//! problem = 1
//! claim = "the members are those that the store lists"
//! about = "A node looks at the list of members only when there are more or fewer of them than before."

// ── file ring.rs
// ── replace
if members != known.state.members {
// ── with
if members.len() != known.state.members.len() {
// ── end
