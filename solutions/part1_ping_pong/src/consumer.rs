//! The consumer: keeps the number of the latest ping of each node's producer.

use std::collections::BTreeMap;

use runtime::{CallError, Ctx, Info, NodeName, Server};

use crate::protocol::{ASK_TIMEOUT, ConsumerMsg, PRODUCER, ProducerMsg};

/// The consumer of one node.
pub struct Consumer {
    /// The number of the latest ping, by the producer's node.
    counts: BTreeMap<NodeName, u64>,
}

impl Server for Consumer {
    type Msg = ConsumerMsg;
    type Args = ();

    async fn init(_: (), ctx: &Ctx<ConsumerMsg>) -> Self {
        let counts: BTreeMap<NodeName, u64> = BTreeMap::new();
        // ── gap 4: watch the connections
        // Subscribe before `list()` is read below. A connection that comes up in between is then in
        // both, which does no harm; in the other order it would be in neither.
        ctx.watch_nodes();
        // ── end 4
        // ── gap 3: catch up after a crash
        // Each producer knows its count, so ask each, also our own, which `list()` does not hold.
        // To wait for the answers here is tempting, and would delay every message until the
        // slowest producer has answered.
        for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
            catch_up(node, ctx);
        }
        // ── end 3
        Consumer { counts }
    }

    async fn handle(&mut self, msg: ConsumerMsg, ctx: &Ctx<ConsumerMsg>) {
        match msg {
            ConsumerMsg::Ping { from, count } => {
                // ── gap 1: count a ping
                // We keep the number and add nothing to it. So a ping that comes twice counts
                // once, and the next ping makes up for a lost one. The higher number wins, because
                // a ping that comes later need not be newer.
                let latest = self.counts.entry(from).or_default();
                *latest = count.max(*latest);
                // ── end 1
            }
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
            ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<ConsumerMsg>) {
        match info {
            // ── gap 4: meet a node
            // Each side gets this message and asks the other, so the two need not agree on whose
            // turn it is. The answer covers the pings before the connection came up; later pings
            // come over the connection. We keep the count when a connection goes down: it is the
            // best that we know, and the other node may only be out of reach.
            Info::NodeUp(node) => catch_up(node, ctx),
            // ── end 4
            _ => {}
        }
    }
}

// ── gap 3: functions that help to catch up
/// Asks one producer for its count in a task, and passes the answer to the server as a ping: the
/// higher number wins, so a late answer cannot undo a ping that came meanwhile.
///
/// After a timeout we ask again, because the node may only be slow. After any other error we stop:
/// a call would open the connection again, even if it was closed on purpose. If the connection
/// comes up by itself, `handle_info` asks anew.
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
// ── end 3
