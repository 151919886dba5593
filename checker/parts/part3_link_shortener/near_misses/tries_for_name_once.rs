//! kind = "near-miss"
//! problem = 6
//! claim = "when the sweeper crashes or its node dies"
//! about = "A process that stands by tries once to take over; when a third one is quicker, it gives up."

// ── file sweeper.rs
// ── after
let is_mine = false;
// ── add
static TRIES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
// ── end
// ── after
Some(sweeper) => sweeper == *ctx.me(),
// ── add
None if TRIES.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0 => false,
// ── end
