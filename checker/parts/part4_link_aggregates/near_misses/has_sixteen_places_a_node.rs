//! kind = "near-miss"
//! problem = 1
//! claim = "each member gets its share"
//! about = "Each node has sixteen places on the ring."

// ── file ring.rs
// ── replace
const PLACES: u32 = 1024;
// ── with
const PLACES: u32 = 16;
// ── end
