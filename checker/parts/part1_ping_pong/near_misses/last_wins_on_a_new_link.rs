//! kind = "near-miss"
//! problem = 4
//! claim = "does not overwrite a newer ping"
//! about = "When a connection comes up, the consumer sets a count to what the producer answers, even if it is lower."
//! mistakes = ["overwrites-with-older"]

// ── file consumer.rs
// ── after
ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),
// ── add
ConsumerMsg::Learned { from, count } => drop(self.counts.insert(from, count)),
// ── end
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
Info::NodeUp(node) => {
    let me = ctx.clone();
    ctx.spawn(async move {
        if let Ok(count) = me.call(&PRODUCER.at(&node), ProducerMsg::Count).await {
            me.send_self(ConsumerMsg::Learned { from: node, count });
        }
    });
}
// ── end
// ── file protocol.rs
// ── after
TotalPings(Reply<u64>),
// ── add
Learned { from: NodeName, count: u64 },
// ── end
