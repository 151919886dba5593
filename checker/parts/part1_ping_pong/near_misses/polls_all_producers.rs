//! kind = "right"
//! about = "The consumer does not watch connections at all: it asks every connected producer for its count again and again, one question at a time for each."

// ── file protocol.rs
// ── after
    TotalPings(Reply<u64>),
// ── add
    /// To itself: ask all producers.
    Poll,
    /// To itself: what the producer of that node said, if it answered.
    Polled(NodeName, Option<u64>),
// ── end

// ── file consumer.rs
// ── replace
use std::collections::BTreeMap;
use runtime::{CallError, Ctx, Info, NodeName, Server};
// ── with
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::{Ctx, Info, NodeName, Server};
// ── end
// ── replace
pub struct Consumer {
    counts: BTreeMap<NodeName, u64>,
}
// ── with
pub struct Consumer {
    counts: BTreeMap<NodeName, u64>,
    /// The nodes whose producers are being asked.
    asking: BTreeSet<NodeName>,
}
// ── end
// ── replace
        ctx.watch_nodes();
        for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
            catch_up(node, ctx);
        }
        Consumer { counts }
// ── with
        ctx.send_self(ConsumerMsg::Poll);
        Consumer {
            counts,
            asking: BTreeSet::new(),
        }
// ── end
// ── replace
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── with
            ConsumerMsg::Poll => {
                for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
                    if self.asking.insert(node.clone()) {
                        poll(node, ctx);
                    }
                }
                ctx.send_after(Duration::from_millis(250), ConsumerMsg::Poll);
            }
            ConsumerMsg::Polled(node, count) => {
                self.asking.remove(&node);
                if let Some(count) = count {
                    let latest = self.counts.entry(node).or_default();
                    *latest = count.max(*latest);
                }
            }
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── end
// ── replace
            Info::NodeUp(node) => catch_up(node, ctx),
            _ => {}
// ── with
            _ => {}
// ── end
// ── replace
fn catch_up(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        loop {
            match me
                .call_within(ASK_TIMEOUT, &PRODUCER.at(&node), ProducerMsg::Count)
                .await
            {
                Ok(count) => return me.send_self(ConsumerMsg::Ping { from: node, count }),
                Err(CallError::Timeout(_)) => continue,
                Err(_) => return,
            }
        }
    });
}
// ── with
fn poll(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        // A call would connect a node again that was disconnected on purpose.
        let count = if node == *me.name() || me.list().contains(&node) {
            me.call_within(ASK_TIMEOUT, &PRODUCER.at(&node), ProducerMsg::Count)
                .await
                .ok()
        } else {
            None
        };
        me.send_self(ConsumerMsg::Polled(node, count));
    });
}
// ── end
