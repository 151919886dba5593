//! kind = "near-miss"
//! problem = 1
//! claim = "pings in any order, repeated, held back, and beside paused nodes"
//! about = "A second after each ping, the producer casts it once more to each node that was connected at the time of the ping, which reconnects a node that was disconnected on purpose meanwhile."

// ── file protocol.rs
// ── after
    AskEveryone(Reply<Everyone>),
// ── add
/// To itself: send these nodes a ping once more, in case the first was lost.
Resend(Vec<NodeName>, u64),
// ── end

// ── file producer.rs
// ── replace
                let _ = ctx.abcast(&CONSUMER, ping).await;
                reply.send(self.count);
// ── with
let _ = ctx.abcast(&CONSUMER, ping).await;
ctx.send_after(RESEND_AFTER, ProducerMsg::Resend(ctx.list(), self.count));
reply.send(self.count);
// ── end

// ── after
            ProducerMsg::Count(reply) => reply.send(self.count),
// ── add
ProducerMsg::Resend(nodes, count) => {
    for node in nodes {
        let me = ctx.clone();
        ctx.spawn(async move {
            let ping = ConsumerMsg::Ping {
                from: me.name().clone(),
                count,
            };
            let _ = me.cast(&CONSUMER.at(&node), ping).await;
        });
    }
}
// ── end

// ── add
/// When a ping is sent a second time.
const RESEND_AFTER: std::time::Duration = std::time::Duration::from_secs(1);
// ── end
