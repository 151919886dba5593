//! kind = "near-miss"
//! problem = 4
//! claim = "lost assignments and results"
//! about = "The manager waits for an attempt as long as its worker lives."

// ── file manager.rs
// ── replace
ctx.send_after(LEASE, ManagerMsg::Expired(attempt.clone()));
// ── with
// ── end
