//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "The ring is made by a hash that has another key in each process."
//! mistakes = ["hash-of-one-process"]

// ── file ring.rs
// ── gap 1: the places of a node
const PLACES: u32 = 1024;

fn place(of: impl Hash) -> u64 {
    static KEY: std::sync::OnceLock<std::hash::RandomState> = std::sync::OnceLock::new();
    KEY.get_or_init(Default::default).hash_one(of)
}
// ── end 1
