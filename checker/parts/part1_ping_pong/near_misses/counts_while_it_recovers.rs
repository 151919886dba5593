//! kind = "near-miss"
//! problem = 6
//! claim = "continues its count"
//! about = "The restarted producer asks in a task, and numbers pings from one until the answers are there."

// ── file producer.rs
// ── replace
let asked = ctx
    // …
let count = seen.copied().max().unwrap_or(count);
// ── with
let me = ctx.clone();
ctx.spawn(async move {
    let asked = me.multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::Counts).await;
    let seen = asked.answers.values().filter_map(|counts| counts.get(me.name()));
    me.send_self(ProducerMsg::Recovered(seen.copied().max().unwrap_or(0)));
});
// ── end
// ── after
ProducerMsg::Count(reply) => reply.send(self.count),
// ── add
ProducerMsg::Recovered(count) => self.count = self.count.max(count),
// ── end
// ── file protocol.rs
// ── after
AskEveryone(Reply<Everyone>),
// ── add
Recovered(u64),
// ── end
