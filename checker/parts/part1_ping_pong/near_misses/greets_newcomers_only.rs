//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "The producer sends its count to a node that it meets for the first time, and not to one that comes back."
//! mistakes = ["says-nothing-on-a-new-link"]

// ── file consumer.rs
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
// ── end
// ── file producer.rs
// ── after
count: u64,
// ── add
met: BTreeSet<NodeName>,
// ── end
// ── after
type Args = ();
// ── add

async fn handle_info(&mut self, info: Info, ctx: &Ctx<ProducerMsg>) {
    if let Info::NodeUp(node) = info
        && self.met.insert(node.clone())
    {
        let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
        let _ = ctx.cast(&CONSUMER.at(&node), ping).await;
    }
}
// ── end
// ── after
let count = seen.copied().max().unwrap_or(count);
// ── add
ctx.watch_nodes();
// ── end
// ── replace
Producer { count }
// ── with
Producer { count, met: ctx.list().into_iter().collect() }
// ── end
// ── add
use runtime::Info;
use std::collections::BTreeSet;
// ── end
