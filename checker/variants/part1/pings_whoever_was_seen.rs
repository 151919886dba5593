//! kind = "near-miss"
//! problem = 1
//! claim = "stays disconnected"
//! about = "The producer casts to every node that it has ever seen, which connects it again to one that was disconnected on purpose."
//! mistakes = ["pings-whoever-was-seen"]

// ── file producer.rs
// ── imports
use std::collections::BTreeSet;
// ── end imports
// ── gap 0: fields of your own
seen: BTreeSet<NodeName>,
// ── end 0
// ── gap 0: first values of your fields
seen: BTreeSet::from([ctx.name().clone()]),
// ── end 0
// ── gap 1: broadcast
self.count += 1;
self.seen.extend(ctx.list());
for node in &self.seen {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.cast(&CONSUMER.at(node), ping).await;
}
reply.send(self.count);
// ── end 1
