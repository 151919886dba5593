//! kind = "near-miss"
//! problem = 1
//! claim = "does not reconnect"
//! about = "The producer casts to every node that it has ever seen, which reconnects a node that was disconnected on purpose."

// ── file producer.rs
// ── after
count: u64,
// ── add
seen: BTreeSet<NodeName>,
// ── end
// ── replace
Producer { count }
// ── with
Producer { count, seen: BTreeSet::from([ctx.name().clone()]) }
// ── end
// ── replace
let ping = ConsumerMsg::Ping {
    // …
let _ = ctx.abcast(&CONSUMER, ping).await;
// ── with
self.seen.extend(ctx.list());
for node in &self.seen {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.cast(&CONSUMER.at(node), ping).await;
}
// ── end
// ── add
use std::collections::BTreeSet;
// ── end
