//! kind = "near-miss"
//! problem = 1
//! claim = "every connected consumer"
//! about = "The producer casts to the nodes of list(), and its own node is not in it."
//! mistakes = ["forgets-its-own-consumer"]

// ── file producer.rs
// ── gap 1: broadcast
self.count += 1;
for node in ctx.list() {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.cast(&CONSUMER.at(&node), ping).await;
}
reply.send(self.count);
// ── end 1
