//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "The consumer asks its own server in init, which cannot answer before init has ended."
//! mistakes = ["waits-for-itself"]

// ── file consumer.rs
// ── after
    catch_up(node, ctx);
}
// ── add
let _ = ctx.call(&CONSUMER.at(ctx.name()), ConsumerMsg::TotalPings).await;
// ── end
// ── add
use crate::protocol::CONSUMER;
// ── end
