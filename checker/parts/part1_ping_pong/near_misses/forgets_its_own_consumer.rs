//! kind = "near-miss"
//! problem = 1
//! claim = "every connected consumer"
//! about = "The producer casts to the nodes of `list()`, which does not hold its own node."
//! mistakes = ["forgets-its-own-consumer"]

// ── file producer.rs
// ── replace
let ping = ConsumerMsg::Ping {
    // …
let _ = ctx.abcast(&CONSUMER, ping).await;
// ── with
for node in ctx.list() {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.cast(&CONSUMER.at(&node), ping).await;
}
// ── end
