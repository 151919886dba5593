//! kind = "near-miss"
//! problem = 1
//! claim = "every connected consumer"
//! about = "No code awaits the futures of the casts, so no ping is sent."
//! mistakes = ["sends-nothing"]

// ── file producer.rs
// ── replace
let ping = ConsumerMsg::Ping {
    // …
let _ = ctx.abcast(&CONSUMER, ping).await;
// ── with
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    ctx.cast(&CONSUMER.at(&node), ping);
}
// ── end
