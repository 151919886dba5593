//! kind = "right"
//! about = "Three times a second, each consumer sends all its counts to the others, and asks only its own producer."

// ── file consumer.rs
// ── replace
ctx.watch_nodes();
// …
}
// ── with
ctx.send_every(Duration::from_millis(333), || ConsumerMsg::Tick);
// ── end
// ── after
ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),
// ── add
ConsumerMsg::Tick => {
    catch_up(ctx.name().clone(), ctx);
    let _ = ctx.abcast(&CONSUMER, ConsumerMsg::Gossip(self.counts.clone())).await;
}
ConsumerMsg::Gossip(counts) => {
    for (from, count) in counts {
        ctx.send_self(ConsumerMsg::Ping { from, count });
    }
}
// ── end
// ── add
use crate::protocol::CONSUMER;
use std::time::Duration;
// ── end
// ── file protocol.rs
// ── after
TotalPings(Reply<u64>),
// ── add
Gossip(BTreeMap<NodeName, u64>),
Tick,
// ── end
