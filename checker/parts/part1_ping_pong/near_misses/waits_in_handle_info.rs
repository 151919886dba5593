//! kind = "right"
//! about = "The consumer waits in `handle_info` for the count of a node that came up, as long as any call waits."

// ── file consumer.rs
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
Info::NodeUp(node) => {
    if let Ok(count) = ctx.call(&PRODUCER.at(&node), ProducerMsg::Count).await {
        let latest = self.counts.entry(node).or_default();
        *latest = count.max(*latest);
    }
}
// ── end
