//! kind = "near-miss"
//! problem = 1
//! claim = "costs the store nothing more"
//! about = "The cache passes the store's answer on to all lookups that wait, and keeps no link."

// ── file cache.rs
// ── replace
Ok(Some(link)) => self.table.put(code.clone(), link.clone()),
// ── with
Ok(Some(_)) => {}
// ── end
