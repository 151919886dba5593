//! kind = "near-miss"
//! problem = 3
//! claim = "count arrives within 3 s after the producer answers again"
//! about = "A restarted consumer asks each producer only once, so it never learns the count of one that was paused just then."

// ── file consumer.rs
// ── replace
Err(CallError::Timeout(_)) => continue,
// ── with
// ── end
