//! The producer: sends this node's pings, and knows how many there were.

use runtime::{Ctx, NodeName, Server};

use crate::protocol::{ASK_WITHIN, CONSUMER, ConsumerMsg, Everyone, ProducerMsg};

/// The producer of one node.
pub struct Producer {
    /// The number of the last ping.
    count: u64,
}

impl Server for Producer {
    type Msg = ProducerMsg;
    type Args = ();

    async fn init(_: (), ctx: &Ctx<ProducerMsg>) -> Self {
        let count = 0;
        // ── gap 6: go on counting
        // The consumers are this producer's memory; each holds the highest number it has seen, so
        // the highest of those is safe to go on from. Asking only our own consumer would lose the
        // count when both crashed; asking later, from a message, would let a ping go out with a
        // number that was used already, and every consumer would ignore it. We may wait here, as
        // no consumer ever waits for a producer inside its `init` or a handler: two servers that
        // wait for each other stand still until one of them gives up.
        let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
        let asked = ctx
            .multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::Counts)
            .await;
        let seen = asked
            .answers
            .values()
            .filter_map(|counts| counts.get(ctx.name()));
        let count = seen.copied().max().unwrap_or(count);
        // ── end 6
        Producer { count }
    }

    async fn handle(&mut self, msg: ProducerMsg, ctx: &Ctx<ProducerMsg>) {
        match msg {
            ProducerMsg::SendPing(reply) => {
                // ── gap 1: broadcast
                // A cast to all: nobody waits for anybody, and a node that is gone is not sent to.
                // A loop of casts over `list()` forgets this node, and connects again to a node
                // that was disconnected between the list and the cast; calls would wait for the
                // dead. If the cast fails we say nothing: the next ping carries a higher number.
                self.count += 1;
                let ping = ConsumerMsg::Ping {
                    from: ctx.name().clone(),
                    count: self.count,
                };
                let _ = ctx.abcast(&CONSUMER, ping).await;
                reply.send(self.count);
                // ── end 1
            }
            ProducerMsg::AskEveryone(reply) => {
                // ── gap 2: ask everyone
                // All are asked at once, so that silence of any number of nodes costs one time
                // limit, and in a task of its own, so that pings go out while we wait. Waiting in
                // the handler is tempting, and turns one paused node into a second without pings
                // for all the others. If the producer crashes, the task ends, and the caller hears.
                let nodes: Vec<NodeName> =
                    ctx.list().into_iter().chain([ctx.name().clone()]).collect();
                let node = ctx.clone();
                ctx.spawn(async move {
                    let asked = node
                        .multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::TotalPings)
                        .await;
                    let failed = asked
                        .failures
                        .into_iter()
                        .map(|(node, why)| (node, why.to_string()))
                        .collect();
                    reply.send(Everyone {
                        totals: asked.answers,
                        failed,
                    });
                });
                // ── end 2
            }
            ProducerMsg::Count(reply) => reply.send(self.count),
        }
    }
}
