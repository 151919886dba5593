//! kind = "right"
//! about = "The second owner is the next node on the ring, even if that is the entry."

// ── file links.rs
// ── replace
Err(why) => match self.owners.owner_excluding(&[owner, self.node.name()], code) {
// ── with
Err(why) => match self.owners.owner_excluding(&[owner], code) {
// ── end
