//! kind = "near-miss"
//! problem = 4
//! claim = "does not overwrite a newer ping"
//! about = "When a link comes up, the consumer sets a count to what the producer answers, whatever it was."
//! mistakes = ["overwrites-with-older"]

// ── file protocol.rs
// ── gap 0: more messages to the consumer
Learned {
    from: NodeName,
    count: u64,
},
// ── end 0
// ── file consumer.rs
// ── gap 0: messages of your own
ConsumerMsg::Learned { from, count } => drop(self.counts.insert(from, count)),
// ── end 0
// ── gap 4: meet a node
Info::NodeUp(node) => {
    let me = ctx.clone();
    ctx.spawn(async move {
        if let Ok(count) = me.call(&PRODUCER.at(&node), ProducerMsg::Count).await {
            me.send_self(ConsumerMsg::Learned { from: node, count });
        }
    });
}
// ── end 4
