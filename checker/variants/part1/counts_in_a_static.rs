//! kind = "near-miss"
//! problem = 6
//! claim = "goes on counting"
//! about = "The count is in a static that survives a crash of the producer, but not the end of its node."
//! mistakes = ["asks-no-other-consumer"]

// ── file producer.rs
// ── imports
use std::sync::atomic::{AtomicU64, Ordering};
// ── end imports
// ── gap 0: functions of your own
static COUNT: AtomicU64 = AtomicU64::new(0);
// ── end 0
// ── gap 1: broadcast
self.count += 1;
COUNT.store(self.count, Ordering::Relaxed);
let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
let _ = ctx.abcast(&CONSUMER, ping).await;
reply.send(self.count);
// ── end 1
// ── gap 6: go on counting
let count = COUNT.load(Ordering::Relaxed).max(count);
// ── end 6
