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
        // TODO(4): from here on, be told of every link that comes up. What is then to do stands
        // in `handle_info`, below.
        // ── end 4
        // ── gap 3: catch up after a crash
        // TODO(3): after a crash, the consumer starts here again, and has forgotten everything.
        // Within 3 seconds it must have the count of every producer in reach, also of the one on
        // its own node, although nobody sends a ping. A producer that does not answer must not
        // keep it from the counts of the others; an answer that comes late must not undo a ping
        // that came earlier and was newer.
        // ── end 3
        Consumer { counts }
    }

    async fn handle(&mut self, msg: ConsumerMsg, ctx: &Ctx<ConsumerMsg>) {
        match msg {
            ConsumerMsg::Ping { from, count } => {
                // ── gap 1: count a ping
                // TODO(1): from now on, the count of `from` is that of its latest ping. A ping may
                // be delivered twice, and an old one may come late.
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
            // TODO(4): when a link comes up, after a netsplit or to a node that is new, the
            // consumers on both sides must learn the current count of the producer on the other
            // side, although nobody sends a ping.
            // ── end 4
            _ => {}
        }
    }
}

// ── gap 3: functions that help to catch up
// ── end 3
