//! kind = "near-miss"
//! problem = 6
//! claim = "says how many links it has swept"
//! about = "The sweeper counts a removed link once for each table that it sends to."

// ── file sweeper.rs
// ── replace
self.swept += u64::from(removed);
// ── with
self.swept += u64::from(removed) * ctx.groups().members(&CACHES).len() as u64;
// ── end
