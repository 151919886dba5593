//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "When a link comes up, the producer sends a new ping, and so counts one that nobody asked for."
//! mistakes = ["counts-a-greeting"]

// ── file producer.rs
// ── imports
use runtime::Info;
// ── end imports
// ── gap 0: whatever else is to do at the start
ctx.watch_nodes();
// ── end 0
// ── gap 0: news from the runtime
async fn handle_info(&mut self, info: Info, ctx: &Ctx<ProducerMsg>) {
    if let Info::NodeUp(_) = info {
        self.count += 1;
        let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
        let _ = ctx.abcast(&CONSUMER, ping).await;
    }
}
// ── end 0
// ── file consumer.rs
// ── gap 4: hear of new links
// ── end 4
// ── gap 4: meet a node
// ── end 4
