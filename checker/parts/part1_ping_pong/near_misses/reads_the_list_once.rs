//! kind = "near-miss"
//! problem = 1
//! claim = "every connected consumer"
//! about = "The producer looks up the connected nodes once, when it starts, and always pings those."
//! mistakes = ["pings-not-all-connected"]

// ── file producer.rs
// ── after
count: u64,
// ── add
nodes: Vec<NodeName>,
// ── end
// ── replace
Producer { count }
// ── with
Producer { count, nodes: ctx.list().into_iter().chain([ctx.name().clone()]).collect() }
// ── end
// ── replace
let ping = ConsumerMsg::Ping {
    // …
let _ = ctx.abcast(&CONSUMER, ping).await;
// ── with
for node in &self.nodes {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.cast(&CONSUMER.at(node), ping).await;
}
// ── end
