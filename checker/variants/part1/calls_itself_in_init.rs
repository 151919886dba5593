//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "The consumer asks its own server in init, which cannot answer before init has ended."
//! mistakes = ["waits-for-itself"]

// ── file consumer.rs
// ── imports
use crate::protocol::CONSUMER;
// ── end imports
// ── gap 0: whatever else is to do at the start
let _ = ctx.call(&CONSUMER.at(ctx.name()), ConsumerMsg::TotalPings).await;
// ── end 0
