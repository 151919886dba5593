//! The producer: sends this node's pings and counts them.

use runtime::{Ctx, NodeName, Server};

use crate::protocol::{ASK_TIMEOUT, CONSUMER, ConsumerMsg, Everyone, ProducerMsg};

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
        // ── gap 6: continue the count
        // The consumers are this producer's memory: each keeps the highest number that it has
        // seen, so we continue after the highest of all. Our own consumer is not enough, since it
        // may have crashed as well. Asking in a task is tempting, and would let a ping go out with
        // a used number, which every consumer ignores. We may wait here because no consumer waits
        // for a producer in `init` or in a handler: two servers that wait for each other
        // do nothing else until one gives up.
        let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
        let asked = ctx
            .multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::Counts)
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
                // `abcast` waits for no node and sends to connected nodes only. A loop of casts
                // over `list()` is tempting: it leaves out this node, and reconnects a node that
                // was disconnected after the list was read. Calls would wait for dead nodes. We
                // ignore a failed cast: the next ping carries a higher number.
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
                // `multi_call` asks all nodes at once, so any number of silent nodes costs one
                // timeout. It runs in a task, so pings go out meanwhile. To wait in the handler is
                // tempting, and turns one paused node into a second without pings. If the producer
                // crashes, the task ends, and the caller gets an error.
                let nodes: Vec<NodeName> =
                    ctx.list().into_iter().chain([ctx.name().clone()]).collect();
                let node = ctx.clone();
                ctx.spawn(async move {
                    let asked = node
                        .multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::TotalPings)
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
