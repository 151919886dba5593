//! kind = "near-miss"
//! problem = 2
//! claim = "every node takes part"
//! about = "The partition of a key is its hash by the standard library, with one seed for each process."
//! processes_only = "It keeps its own in a static, and all simulated nodes are one process."
//! mistakes = ["partitions-by-more-than-the-key"]

// ── file functions.rs
// ── replace
let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
    // …
(hash % partitions as u64) as usize
// ── with
// One state for the whole program, so that a key always gets the same partition.
static STATE: OnceLock<RandomState> = OnceLock::new();
(STATE.get_or_init(RandomState::new).hash_one(key) % partitions as u64) as usize
// ── end
// ── add
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
// ── end
