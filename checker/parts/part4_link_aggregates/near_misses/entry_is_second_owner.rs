//! kind = "right"
//! about = "The second owner is the next node on the ring, even if that is the entry."

// ── file links.rs
// ── replace
Err(why) => match self.owners.excluding(&[owner, self.node.name()], code) {
// ── with
Err(why) => match self.owners.excluding(&[owner], code) {
// ── end
