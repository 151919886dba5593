//! kind = "near-miss"
//! problem = 1
//! claim = "all nodes name the same owner"
//! about = "Each process hashes the places of its ring with another key."
//! processes_only = "It keeps its own in a static, and all simulated nodes are one process."

// ── file ring.rs
// ── replace
DefaultHashBuilder.hash_one(of)
// ── with
static KEY: std::sync::OnceLock<std::hash::RandomState> = std::sync::OnceLock::new();
KEY.get_or_init(Default::default).hash_one(of)
// ── end
