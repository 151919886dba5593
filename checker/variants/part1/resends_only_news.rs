//! kind = "near-miss"
//! problem = 5
//! claim = "after the heal"
//! about = "When a link comes back, the producer sends its count only if it has changed since the link went."
//! mistakes = ["tells-only-news"]

// ── file producer.rs
// ── imports
use runtime::Info;
// ── end imports
// ── gap 0: fields of your own
told: std::collections::BTreeMap<NodeName, u64>,
// ── end 0
// ── gap 0: first values of your fields
told: Default::default(),
// ── end 0
// ── gap 0: whatever else is to do at the start
ctx.watch_nodes();
// ── end 0
// ── gap 0: news from the runtime
async fn handle_info(&mut self, info: Info, ctx: &Ctx<ProducerMsg>) {
    match info {
        Info::NodeDown(node) => drop(self.told.insert(node, self.count)),
        Info::NodeUp(node) if self.told.get(&node) != Some(&self.count) => {
            let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
            let _ = ctx.cast(&CONSUMER.at(&node), ping).await;
        }
        _ => {}
    }
}
// ── end 0
// ── file consumer.rs
// ── gap 4: hear of new links
// ── end 4
// ── gap 4: meet a node
// ── end 4
