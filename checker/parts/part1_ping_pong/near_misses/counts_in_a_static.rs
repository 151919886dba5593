//! kind = "near-miss"
//! problem = 6
//! claim = "continues its count"
//! about = "The count is in a static, which survives a crash of the producer and not the end of its node."
//! mistakes = ["asks-no-other-consumer"]

// ── file producer.rs
// ── replace
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
// …
let count = seen.copied().max().unwrap_or(count);
// ── with
let count = COUNT.load(Ordering::Relaxed).max(count);
// ── end
// ── after
self.count += 1;
// ── add
COUNT.store(self.count, Ordering::Relaxed);
// ── end
// ── add
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);
// ── end
