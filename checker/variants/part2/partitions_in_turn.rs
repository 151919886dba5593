//! kind = "near-miss"
//! problem = 1
//! claim = "the word count is exact"
//! about = "Keys are dealt out to the partitions in turn, whatever they are."
//! mistakes = ["partitions-by-more-than-the-key"]

// ── file functions.rs
// ── imports
use std::sync::atomic::{AtomicU64, Ordering};
// ── end imports
// ── gap 1: choose a partition
let _ = key;
(NEXT.fetch_add(1, Ordering::Relaxed) % partitions as u64) as usize
// ── end 1
// ── gap 0: functions of your own
static NEXT: AtomicU64 = AtomicU64::new(0);
// ── end 0
