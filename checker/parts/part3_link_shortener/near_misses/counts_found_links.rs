//! kind = "near-miss"
//! problem = 6
//! claim = "says how many links it has swept"
//! about = "The sweeper counts each expired link that it finds, also one that it does not remove."

// ── file sweeper.rs
// ── replace
self.swept += u64::from(removed);
// ── with
self.swept += 1;
// ── end
