//! kind = "near-miss"
//! problem = 10
//! claim = "keeps nobody from anything"
//! about = "The second owner is the one after itself: the same again."

// ── file links.rs
// ── replace
Err(why) => match self.owners.without(&[owner, self.node.name()], code) {
    // …
},
// ── with
Err(why) => self.run_on(owner, function, args, OWNER_WITHIN / 2).await.map_err(|_| why),
// ── end
