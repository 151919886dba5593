//! The producer: sends this node's pings and counts them.

use runtime::{Ctx, Info, NodeName, Server};

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
        // TODO(6): after a crash, the producer starts here again and has forgotten its count.
        // - At the end of this function, `count` must be the highest number of this node's pings
        //   that any reachable consumer has seen. Write `let count = …;` to replace the 0 above.
        // - Dead and silent consumers must not delay the start by more than `ASK_TIMEOUT`.
        // ── end 6
        Producer { count }
    }

    async fn handle(&mut self, msg: ProducerMsg, ctx: &Ctx<ProducerMsg>) {
        match msg {
            ProducerMsg::SendPing(reply) => {
                // ── gap 1: broadcast
                // TODO(1): send the next ping to the consumer of every connected node and of this
                // node, and reply with the ping's number.
                // - A dead, paused or slow node must not delay the others or the caller.
                // - A node that was disconnected on purpose must stay disconnected.
                todo!("TODO(1) send the next ping to every consumer")
                // ── end 1
            }
            ProducerMsg::AskEveryone(reply) => {
                // ── gap 2: ask everyone
                // TODO(2): ask the consumer of every connected node and of this node for its total.
                // - The answer must contain each of these nodes: with its total if the node answers
                //   within `ASK_TIMEOUT`, and otherwise as failed, with the reason.
                // - The answer must come within `ASK_TIMEOUT`, however many nodes are silent.
                // - Each caller must get an answer, even when two ask at once.
                todo!("TODO(2) ask the consumer of every node for its total")
                // ── end 2
            }
            ProducerMsg::Count(reply) => reply.send(self.count),
        }
    }
}
