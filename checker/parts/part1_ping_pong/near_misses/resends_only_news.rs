//! kind = "near-miss"
//! problem = 5
//! claim = "after the network heals"
//! about = "When a connection comes back, the producer sends its count only if it has changed since the connection went down."
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
told: std::collections::BTreeMap<NodeName, u64>,
// ── end
// ── after
type Args = ();
// ── add
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
// ── end
// ── after
let count = seen.copied().max().unwrap_or(count);
// ── add
ctx.watch_nodes();
// ── end
// ── replace
Producer { count }
// ── with
Producer { count, told: Default::default() }
// ── end
// ── add
use runtime::Info;
// ── end
