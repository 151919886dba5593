//! kind = "near-miss"
//! problem = 1
//! claim = "each member gets its share"
//! about = "Each node has one place on the ring."

// ── file ring.rs
// ── replace
const PLACES: u32 = 1024;
// ── with
const PLACES: u32 = 1;
// ── end
