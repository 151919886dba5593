//! kind = "right"
//! about = "The second owner is the next on the ring, also when that is the node that is asked."

// ── file links.rs
// ── replace
Err(why) => match self.owners.without(&[owner, self.node.name()], code) {
// ── with
Err(why) => match self.owners.without(&[owner], code) {
// ── end
