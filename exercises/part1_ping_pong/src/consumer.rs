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
        // TODO(4): subscribe to news of connections, so that `handle_info` below is called for
        // every connection that comes up.
        // ── end 4
        // ── gap 3: catch up after a crash
        // TODO(3): after a crash, the consumer starts here again and has forgotten every count.
        // - Within 3 seconds it must have the count of every producer that it can reach, and of
        //   the producer on its own node, even if no producer sends a ping.
        // - A producer that does not answer must not hold up the counts of the others. When it
        //   answers again, its count must follow within 3 seconds.
        // - An answer that comes late must not overwrite a newer ping.
        // - A loop must not ask without a pause: a call can fail at once, and the loop would keep a
        //   processor core busy. A call that times out has paused.
        // ── end 3
        Consumer { counts }
    }

    async fn handle(&mut self, msg: ConsumerMsg, ctx: &Ctx<ConsumerMsg>) {
        match msg {
            ConsumerMsg::Ping { from, count } => {
                // ── gap 1: count a ping
                // TODO(1): the count of `from` must be the number of its latest ping. The network
                // may deliver a ping twice, and an old ping late.
                todo!("TODO(1) keep the number of the latest ping")
                // ── end 1
            }
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
            ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<ConsumerMsg>) {
        match info {
            // ── gap 4: meet a node
            // TODO(4): when a connection comes up, after a netsplit or to a new node, the consumer
            // on each side must learn the current count of the producer on the other side, even if
            // no producer sends a ping.
            // ── end 4
            _ => {}
        }
    }
}

// ── gap 3: functions that help to catch up
// ── end 3
