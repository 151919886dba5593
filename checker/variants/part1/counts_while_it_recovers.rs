//! kind = "near-miss"
//! problem = 6
//! claim = "goes on counting"
//! about = "The restarted producer asks beside its work, and numbers pings from one until it has heard from all."
//! mistakes = ["counts-while-it-recovers"]

// ── file protocol.rs
// ── gap 0: more messages to the producer
Recovered(u64),
// ── end 0
// ── file producer.rs
// ── gap 0: messages of your own
ProducerMsg::Recovered(count) => self.count = self.count.max(count),
// ── end 0
// ── gap 6: go on counting
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
let me = ctx.clone();
ctx.spawn(async move {
    let asked = me.multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::Counts).await;
    let seen = asked.answers.values().filter_map(|counts| counts.get(me.name()));
    me.send_self(ProducerMsg::Recovered(seen.copied().max().unwrap_or(0)));
});
// ── end 6
