//! kind = "near-miss"
//! problem = 1
//! claim = "every member owns a fair share of the codes"
//! about = "Each node has one place on the ring."

// ── file ring.rs
// ── replace
const PLACES: u32 = 1024;
// ── with
const PLACES: u32 = 1;
// ── end
