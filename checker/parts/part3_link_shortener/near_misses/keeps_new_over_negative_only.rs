//! kind = "near-miss"
//! problem = 1
//! claim = "costs the store nothing more"
//! about = "The table keeps a new link only where it has a negative entry."

// ── file links.rs
// ── replace
self.table.put(code.clone(), link.clone());
// ── with
if self.table.get(&code) == Some(Known::Absent) {
    self.table.put(code.clone(), link.clone());
}
// ── end
