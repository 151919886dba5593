//! kind = "near-miss"
//! problem = 7
//! claim = "a restarted node adds to what its peers know"
//! about = "What is learnt in a meeting is kept, and told to nobody else."

// ── file counters.rs
// ── replace
ctx.send_after(SOON, CountersMsg::PassOn);
// ── with
// ── end
