//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "The ring is made by a hash that has another key in each process."

// ── file ring.rs
// ── replace
DefaultHashBuilder.hash_one(of)
// ── with
static KEY: std::sync::OnceLock<std::hash::RandomState> = std::sync::OnceLock::new();
KEY.get_or_init(Default::default).hash_one(of)
// ── end
