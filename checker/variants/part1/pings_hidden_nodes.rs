//! kind = "near-miss"
//! problem = 1
//! claim = "hidden"
//! about = "The producer casts to list_hidden() as well, to reach really every node."
//! mistakes = ["pings-hidden-nodes"]

// ── file producer.rs
// ── gap 1: broadcast
self.count += 1;
let ping = || ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
let _ = ctx.abcast(&CONSUMER, ping()).await;
for node in ctx.list_hidden() {
    let _ = ctx.cast(&CONSUMER.at(&node), ping()).await;
}
reply.send(self.count);
// ── end 1
