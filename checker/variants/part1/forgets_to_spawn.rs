//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "What asks the producers is an async function that is called and never awaited."
//! mistakes = ["asks-nobody-else"]

// ── file consumer.rs
// ── gap 3: functions that help to catch up
async fn catch_up(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
    if let Ok(count) = ctx.call_within(ASK_WITHIN, &PRODUCER.at(&node), ProducerMsg::Count).await {
        ctx.send_self(ConsumerMsg::Ping { from: node, count });
    }
}
// ── end 3
// ── gap 4: meet a node
Info::NodeUp(node) => catch_up(node, ctx).await,
// ── end 4
