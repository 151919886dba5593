//! kind = "near-miss"
//! problem = 1
//! claim = "every member owns a fair share of the codes"
//! about = "A code behind the last place of the ring has no owner."

// ── file ring.rs
// ── replace
let next = next.or_else(|| self.ring.first_key_value());
// ── with
// ── end
