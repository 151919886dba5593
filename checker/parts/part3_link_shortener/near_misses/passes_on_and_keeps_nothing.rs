//! kind = "near-miss"
//! problem = 1
//! claim = "does not cost the store anything"
//! about = "What the store has answered is passed on to all who wait; of a link nothing is kept."
//! mistakes = ["asks-for-what-it-knew"]

// ── file cache.rs
// ── replace
Ok(Some(link)) => self.table.put(code.clone(), link.clone()),
// ── with
Ok(Some(_)) => {}
// ── end
