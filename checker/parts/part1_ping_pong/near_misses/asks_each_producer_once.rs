//! kind = "near-miss"
//! problem = 3
//! claim = "the count of a producer that was silent follows"
//! about = "A restarted consumer asks each producer only once, so it never learns the count of one that was paused just then."

// ── file consumer.rs
// ── replace
Err(CallError::Timeout(_)) => continue,
// ── with
// ── end
