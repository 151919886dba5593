//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "The producer sends its count to a node when it meets it for the first time, and not when it comes back."
//! mistakes = ["greets-newcomers-only"]

// ── file producer.rs
// ── imports
use runtime::Info;
// ── end imports
// ── gap 0: fields of your own
met: std::collections::BTreeSet<NodeName>,
// ── end 0
// ── gap 0: first values of your fields
met: ctx.list().into_iter().collect(),
// ── end 0
// ── gap 0: whatever else is to do at the start
ctx.watch_nodes();
// ── end 0
// ── gap 0: news from the runtime
async fn handle_info(&mut self, info: Info, ctx: &Ctx<ProducerMsg>) {
    if let Info::NodeUp(node) = info
        && self.met.insert(node.clone())
    {
        let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
        let _ = ctx.cast(&CONSUMER.at(&node), ping).await;
    }
}
// ── end 0
// ── file consumer.rs
// ── gap 4: hear of new links
// ── end 4
// ── gap 4: meet a node
// ── end 4
