//! kind = "near-miss"
//! problem = 6
//! claim = "even if a consumer is silent"
//! about = "The restarted producer uses the consumers' answers only if all of them answered."

// ── file producer.rs
// ── replace
.values()
// ── with
.values()
.filter(|_| asked.failures.is_empty())
// ── end
