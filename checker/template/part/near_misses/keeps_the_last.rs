//! kind = "near-miss"
//! problem = 1
//! claim = "does not undo a newer one"
//! about = "The register keeps the entry that came last, so an old entry that comes late undoes a newer one."
//! mistakes = ["keeps-the-last"]

// ── file register.rs
// ── replace
self.newest = self.newest.take().max(Some(entry));
// ── with
self.newest = Some(entry);
// ── end
