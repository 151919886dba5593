//! kind = "near-miss"
//! problem = 1
//! claim = "every member owns a fair share of the codes"
//! about = "Each node has sixteen places on the ring."

// ── file ring.rs
// ── replace
const PLACES: u32 = 1024;
// ── with
const PLACES: u32 = 16;
// ── end
