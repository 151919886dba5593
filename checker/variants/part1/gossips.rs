//! kind = "right"
//! about = "The consumers tell each other all that they know, three times a second, and ask only their own producer."

// ── file protocol.rs
// ── gap 0: more messages to the consumer
Gossip(BTreeMap<NodeName, u64>),
Tick,
// ── end 0
// ── file consumer.rs
// ── imports
use crate::protocol::CONSUMER;
use std::time::Duration;
// ── end imports
// ── gap 4: hear of new links
// ── end 4
// ── gap 3: catch up after a crash
ctx.send_every(Duration::from_millis(333), || ConsumerMsg::Tick);
// ── end 3
// ── gap 0: messages of your own
ConsumerMsg::Tick => {
    catch_up(ctx.name().clone(), ctx);
    let _ = ctx.abcast(&CONSUMER, ConsumerMsg::Gossip(self.counts.clone())).await;
}
ConsumerMsg::Gossip(counts) => {
    for (from, count) in counts {
        let latest = self.counts.entry(from).or_default();
        *latest = count.max(*latest);
    }
}
// ── end 0
// ── gap 4: meet a node
// ── end 4
