//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "The restarted consumer asks the producer of its own node, and none of the others."
//! mistakes = ["asks-nobody-else"]

// ── file consumer.rs
// ── gap 3: catch up after a crash
catch_up(ctx.name().clone(), ctx);
// ── end 3
