//! kind = "near-miss"
//! problem = 10
//! claim = "the death of an owner stops no request"
//! about = "The second owner is the first one again."

// ── file links.rs
// ── replace
Err(why) => match self.owners.excluding(&[owner, self.node.name()], code) {
    // …
},
// ── with
Err(why) => self.run_on(owner, function, args, OWNER_TIMEOUT / 2).await.map_err(|_| why),
// ── end
