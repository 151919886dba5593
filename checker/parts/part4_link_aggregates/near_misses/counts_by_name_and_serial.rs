//! kind = "near-miss"
//! problem = 7
//! claim = "views before anybody is met are counted"
//! about = "The slot is told apart by how often the server was started, which a restarted node counts from 0 again."
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
