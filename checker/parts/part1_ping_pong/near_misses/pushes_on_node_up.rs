//! kind = "right"
//! about = "When a connection comes up, the producer sends the other node its count; a restarted consumer still asks."

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
    if let Info::NodeUp(node) = info {
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
// ── add
use runtime::Info;
// ── end
