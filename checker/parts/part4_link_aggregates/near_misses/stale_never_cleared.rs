//! kind = "near-miss"
//! problem = 1
//! claim = "without the store the ring stays as it was"
//! about = "A ring that was once stale stays so."

// ── file ring.rs
// ── replace
known.state.stale = None;
// ── with
// ── end
