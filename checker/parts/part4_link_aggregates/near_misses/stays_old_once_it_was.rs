//! kind = "near-miss"
//! problem = 1
//! claim = "without the store the ring stays as it was"
//! about = "What was once said of the ring being old is never taken back."

// ── file ring.rs
// ── replace
known.state.stale = None;
// ── with
// ── end
