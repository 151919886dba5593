//! kind = "near-miss"
//! problem = 1
//! claim = "every node follows a new link within 2 s"
//! about = "The table keeps negative entries for an hour."

// ── file table.rs
// ── replace
let since = Instant::now();
// ── with
let since = Instant::now() + Duration::from_secs(3600);
// ── end
