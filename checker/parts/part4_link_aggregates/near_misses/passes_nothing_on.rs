//! kind = "near-miss"
//! problem = 7
//! claim = "a restarted node adds to what its peers know"
//! about = "A node keeps what it learns in a meeting, and sends it to no third node."

// ── file counters.rs
// ── replace
ctx.send_after(PASS_ON_DELAY, CountersMsg::PassOn);
// ── with
// ── end
