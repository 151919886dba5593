//! kind = "right"
//! about = "The consumer asks for a count by a cast, and the producer answers it by a ping of the old number."

// ── file protocol.rs
// ── gap 0: more messages to the producer
Tell(NodeName),
// ── end 0
// ── file producer.rs
// ── gap 0: messages of your own
ProducerMsg::Tell(node) => {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.cast(&CONSUMER.at(&node), ping).await;
}
// ── end 0
// ── file consumer.rs
// ── gap 3: catch up after a crash
let _ = ctx.abcast(&PRODUCER, ProducerMsg::Tell(ctx.name().clone())).await;
// ── end 3
// ── gap 4: meet a node
Info::NodeUp(node) => {
    let _ = ctx.cast(&PRODUCER.at(&node), ProducerMsg::Tell(ctx.name().clone())).await;
}
// ── end 4
// ── gap 3: functions that help to catch up
// ── end 3
