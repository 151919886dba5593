//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "When a link comes up, the producer sends its count under the name of the node that it sends it to."
//! mistakes = ["tells-it-under-the-wrong-name"]

// ── file producer.rs
// ── imports
use runtime::Info;
// ── end imports
// ── gap 0: whatever else is to do at the start
ctx.watch_nodes();
// ── end 0
// ── gap 0: news from the runtime
async fn handle_info(&mut self, info: Info, ctx: &Ctx<ProducerMsg>) {
    if let Info::NodeUp(node) = info {
        let ping = ConsumerMsg::Ping { from: node.clone(), count: self.count };
        let _ = ctx.cast(&CONSUMER.at(&node), ping).await;
    }
}
// ── end 0
// ── file consumer.rs
// ── gap 4: hear of new links
// ── end 4
// ── gap 4: meet a node
// ── end 4
