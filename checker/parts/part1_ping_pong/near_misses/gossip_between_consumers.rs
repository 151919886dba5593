//! kind = "right"
//! about = "Every consumer also tells all others its counts again and again, and they merge them by the greater number (anti-entropy)."

// ── file protocol.rs
// ── after
    TotalPings(Reply<u64>),
// ── add
    /// To itself: tell the others what we know.
    Tell,
    /// From another consumer: these are its counts.
    Gossip(BTreeMap<NodeName, u64>),
// ── end

// ── file consumer.rs
// ── replace
use crate::protocol::{ASK_TIMEOUT, ConsumerMsg, PRODUCER, ProducerMsg};
// ── with
use crate::protocol::{ASK_TIMEOUT, CONSUMER, ConsumerMsg, PRODUCER, ProducerMsg};
// ── end
// ── replace
        Consumer { counts }
// ── with
        ctx.send_every(std::time::Duration::from_millis(700), || ConsumerMsg::Tell);
        Consumer { counts }
// ── end
// ── replace
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── with
            ConsumerMsg::Tell => {
                let (me, counts) = (ctx.clone(), self.counts.clone());
                // In a task, so that a connection that is full does not keep us waiting.
                ctx.spawn(async move {
                    let _ = me.abcast(&CONSUMER, ConsumerMsg::Gossip(counts)).await;
                });
            }
            ConsumerMsg::Gossip(counts) => {
                for (node, count) in counts {
                    let latest = self.counts.entry(node).or_default();
                    *latest = count.max(*latest);
                }
            }
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── end
