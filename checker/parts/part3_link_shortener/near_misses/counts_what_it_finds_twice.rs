//! kind = "near-miss"
//! problem = 6
//! claim = "says how many links it has swept"
//! about = "A link that was removed is counted for each table that is told."
//! mistakes = ["counts-each-table"]

// ── file sweeper.rs
// ── replace
self.swept += u64::from(removed);
// ── with
self.swept += u64::from(removed) * ctx.groups().members(&CACHES).len() as u64;
// ── end
