//! kind = "near-miss"
//! problem = 9
//! claim = "a returning visitor counts once"
//! about = "Each process hashes visitors with another key."
//! processes_only = "It keeps its own in a static, and all simulated nodes are one process."

// ── file visitors.rs
// ── replace
let hash = Sha256::digest(visitor);
let hash = u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"));
// ── with
static KEY: std::sync::OnceLock<std::hash::RandomState> = std::sync::OnceLock::new();
let hash = std::hash::BuildHasher::hash_one(KEY.get_or_init(Default::default), visitor);
// ── end
