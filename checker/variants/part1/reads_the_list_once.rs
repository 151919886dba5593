//! kind = "near-miss"
//! problem = 1
//! claim = "every connected consumer"
//! about = "The producer asks for the connected nodes once, when it starts, and pings those for ever."
//! mistakes = ["pings-not-all-connected", "pings-its-own-node-only"]

// ── file producer.rs
// ── gap 0: fields of your own
nodes: Vec<NodeName>,
// ── end 0
// ── gap 0: first values of your fields
nodes: ctx.list().into_iter().chain([ctx.name().clone()]).collect(),
// ── end 0
// ── gap 1: broadcast
self.count += 1;
for node in &self.nodes {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.cast(&CONSUMER.at(node), ping).await;
}
reply.send(self.count);
// ── end 1
