//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "Keys go to the partitions in turn, whatever they are."
//! mistakes = ["partitions-by-more-than-the-key"]

// ── file functions.rs
// ── replace
let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
    // …
(hash % partitions as u64) as usize
// ── with
let _ = key;
(NEXT.fetch_add(1, Ordering::Relaxed) % partitions as u64) as usize
// ── end
// ── add
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(0);
// ── end
