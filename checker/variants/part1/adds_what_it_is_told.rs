//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "When a link comes up, the consumer adds the count that the producer answers to the one that it had."
//! mistakes = ["adds-what-it-is-told"]

// ── file protocol.rs
// ── gap 0: more messages to the consumer
Missed {
    from: NodeName,
    count: u64,
},
// ── end 0
// ── file consumer.rs
// ── gap 0: messages of your own
ConsumerMsg::Missed { from, count } => *self.counts.entry(from).or_default() += count,
// ── end 0
// ── gap 4: meet a node
Info::NodeUp(node) => {
    let me = ctx.clone();
    ctx.spawn(async move {
        if let Ok(count) = me.call(&PRODUCER.at(&node), ProducerMsg::Count).await {
            me.send_self(ConsumerMsg::Missed { from: node, count });
        }
    });
}
// ── end 4
