//! kind = "near-miss"
//! problem = 3
//! claim = "recovers"
//! about = "The consumer calls its own server in `init`, which cannot answer before `init` has ended."

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
