//! kind = "near-miss"
//! problem = 6
//! claim = "continues its count"
//! about = "The producer keeps the nodes that have come up, and after a crash it knows none of them."

// ── file producer.rs
// ── after
count: u64,
// ── add
nodes: BTreeSet<NodeName>,
// ── end
// ── replace
Producer { count }
// ── with
ctx.watch_nodes();
Producer { count, nodes: BTreeSet::from([ctx.name().clone()]) }
// ── end
// ── after
type Args = ();
// ── add
async fn handle_info(&mut self, info: Info, _: &Ctx<ProducerMsg>) {
    match info {
        Info::NodeUp(node) => drop(self.nodes.insert(node)),
        Info::NodeDown(node) => drop(self.nodes.remove(&node)),
        _ => {}
    }
}
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
// ── add
use runtime::Info;
use std::collections::BTreeSet;
// ── end
