//! The producer: sends this node's pings, and knows how many there were.

use runtime::{Ctx, Info, NodeName, Server};

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
        // TODO(6): after a crash, the producer starts here again, and has forgotten its count.
        // When this function is done, `count` must be the number of the last ping that any
        // consumer in reach has seen from this node: a `let count = …;` here takes the place of
        // the one above. A consumer that is dead or does not answer may delay the start by
        // `ASK_WITHIN`, and must not prevent it.
        // ── end 6
        Producer { count }
    }

    async fn handle(&mut self, msg: ProducerMsg, ctx: &Ctx<ProducerMsg>) {
        match msg {
            ProducerMsg::SendPing(reply) => {
                // ── gap 1: broadcast
                // TODO(1): send the next ping to the consumer of every connected node and of this
                // one, and answer its number. A node that is dead, paused or slow must not keep
                // the others waiting, nor the caller; a node that somebody disconnected on purpose
                // must stay disconnected.
                todo!("TODO(1) send the next ping to every consumer")
                // ── end 1
            }
            ProducerMsg::AskEveryone(reply) => {
                // ── gap 2: ask everyone
                // TODO(2): ask the consumer of every connected node, and of this one, for its
                // total. Each of these nodes must appear in the answer: with its total if that
                // came within `ASK_WITHIN`, else as failed, with the reason. All of it together
                // takes `ASK_WITHIN`, not that long for each node.
                todo!("TODO(2) ask the consumer of every node for its total")
                // ── end 2
            }
            ProducerMsg::Count(reply) => reply.send(self.count),
        }
    }
}
