//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "When a connection comes up, the producer sends a new ping, and so counts a ping that no caller asked for."

// ── file consumer.rs
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
// ── end
// ── file producer.rs
// ── after
type Args = ();
// ── add
async fn handle_info(&mut self, info: Info, ctx: &Ctx<ProducerMsg>) {
    if let Info::NodeUp(_) = info {
        self.count += 1;
        let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
        let _ = ctx.abcast(&CONSUMER, ping).await;
    }
}
// ── end
// ── after
let count = seen.copied().max().unwrap_or(count);
// ── add
ctx.watch_nodes();
// ── end
// ── add
use runtime::Info;
// ── end
