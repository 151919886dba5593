//! kind = "near-miss"
//! problem = 4
//! claim = "lost assignments and results"
//! about = "Nobody asks what has become of an attempt as long as its worker lives."
//! mistakes = ["has-no-lease"]

// ── file manager.rs
// ── replace
ctx.send_after(LEASE, ManagerMsg::Expired(attempt.clone()));
// ── with
// ── end
