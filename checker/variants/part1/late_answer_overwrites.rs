//! kind = "near-miss"
//! problem = 3
//! claim = "late answer"
//! about = "The consumer sets a count to whatever a producer answered, also when a newer ping came before the answer."
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
// ── gap 3: functions that help to catch up
fn catch_up(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        loop {
            match me.call_within(ASK_WITHIN, &PRODUCER.at(&node), ProducerMsg::Count).await {
                Ok(count) => return me.send_self(ConsumerMsg::Learned { from: node, count }),
                Err(CallError::Timeout(_)) => continue,
                Err(_) => return,
            }
        }
    });
}
// ── end 3
