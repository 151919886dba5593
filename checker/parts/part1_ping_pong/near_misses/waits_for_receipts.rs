//! kind = "near-miss"
//! problem = 1
//! claim = "at once"
//! about = "The producer answers when every consumer has confirmed the ping by a call, and so waits for a paused node."
//! mistakes = ["waits-for-receivers"]

// ── file producer.rs
// ── after
let _ = ctx.abcast(&CONSUMER, ping).await;
// ── add
for node in ctx.list() {
    let _ = ctx.call(&CONSUMER.at(&node), ConsumerMsg::TotalPings).await;
}
// ── end
