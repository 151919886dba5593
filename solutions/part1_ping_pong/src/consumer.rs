//! The consumer: keeps, for the producer of each node, the number of its latest ping.

use std::collections::BTreeMap;

use runtime::{CallError, Ctx, Info, NodeName, Server};

use crate::protocol::{ASK_WITHIN, ConsumerMsg, PRODUCER, ProducerMsg};

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
        // ── gap 4: hear of new links
        // Before the list of nodes is read below: a link that comes up in between is then in both,
        // which does no harm. The other way round it would be in neither.
        ctx.watch_nodes();
        // ── end 4
        // ── gap 3: catch up after a crash
        // The producers know; so each is asked, ours too, which is in no list. Waiting here for
        // the answers is tempting: it would hold up every message behind the slowest producer.
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
                // The number is kept, not one added to it, so a ping that comes twice counts once,
                // and one that was lost is made up for by the next. The higher number wins: what
                // comes later need not have been said later.
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
            // Both sides hear of the link, and each asks the other; nobody must decide whose turn
            // it is. What was sent before the link was up is in the answer, and what is sent after
            // comes over the link. Nothing is done when a link goes: the last known count is the
            // best that we have, and a node that is down is perhaps only out of reach.
            Info::NodeUp(node) => catch_up(node, ctx),
            // ── end 4
            _ => {}
        }
    }
}

// ── gap 3: functions that help to catch up
/// Asks one producer for its count, beside the server, and tells the server as if by a ping: the
/// higher number wins, so that an answer which took long cannot undo what came meanwhile.
///
/// Only a timeout is tried again, as that node may just be slow. When the link is lost we stop:
/// a call would open it again, also when somebody closed it on purpose, and if it comes up by
/// itself we ask anew.
fn catch_up(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        loop {
            match me
                .call_within(ASK_WITHIN, &PRODUCER.at(&node), ProducerMsg::Count)
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
