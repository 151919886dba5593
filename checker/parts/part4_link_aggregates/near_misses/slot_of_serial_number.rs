//! kind = "near-miss"
//! problem = 7
//! claim = "views before the first meeting are counted"
//! about = "The slot is the node's name and a number that starts at 0 again after a restart."
//! mistakes = ["slot-used-again"]

// ── file counters.rs
// ── replace
let id = ctx.id();
let name = format!("{name}#{:x}.{}", id.creation, id.serial);
// ── with
static STARTS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
let start = STARTS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
let name = format!("{name}.{start}");
// ── end
