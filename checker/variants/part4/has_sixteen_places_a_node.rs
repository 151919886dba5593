//! kind = "near-miss"
//! problem = 1
//! claim = "each member gets its share"
//! about = "Each node has sixteen places on the ring."
//! mistakes = ["too-few-places"]

// ── file ring.rs
// ── gap 1: the places of a node
const PLACES: u32 = 16;

fn place(of: impl Hash) -> u64 {
    DefaultHashBuilder.hash_one(of)
}
// ── end 1
