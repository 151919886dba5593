//! kind = "near-miss"
//! problem = 2
//! claim = "questions to everyone while nodes are paused, killed, cut off and slow"
//! about = "A caller who asks while another question is on its way gets the answer to that one, from which a node that has connected in between is missing."

// ── file protocol.rs
// ── after
    AskEveryone(Reply<Everyone>),
// ── add
    /// To itself: this is what everyone answered.
    Asked(Everyone),
// ── end

// ── file producer.rs
// ── replace
use runtime::{Ctx, NodeName, Server};
// ── with
use runtime::{Ctx, NodeName, Reply, Server};
// ── end
// ── replace
pub struct Producer {
    count: u64,
}
// ── with
pub struct Producer {
    count: u64,
    /// The callers who wait for the question that is on its way.
    asking: Vec<Reply<Everyone>>,
}
// ── end
// ── replace
        Producer { count }
// ── with
        Producer {
            count,
            asking: Vec::new(),
        }
// ── end
// ── replace
            ProducerMsg::AskEveryone(reply) => {
// …
            ProducerMsg::Count(reply) => reply.send(self.count),
// ── with
            ProducerMsg::AskEveryone(reply) => {
                self.asking.push(reply);
                if self.asking.len() > 1 {
                    return;
                }
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
                    node.send_self(ProducerMsg::Asked(Everyone {
                        totals: asked.answers,
                        failed,
                    }));
                });
            }
            ProducerMsg::Asked(everyone) => {
                for reply in self.asking.drain(..) {
                    reply.send(everyone.clone());
                }
            }
            ProducerMsg::Count(reply) => reply.send(self.count),
// ── end
