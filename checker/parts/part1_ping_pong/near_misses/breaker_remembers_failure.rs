//! kind = "near-miss"
//! problem = 2
//! claim = "questions to everyone while nodes are paused, killed, cut off and slow"
//! about = "A node that did not answer in time is not asked for the next three seconds, but reported as failed, although it may answer at once by then."

// ── file protocol.rs
// ── after
    AskEveryone(Reply<Everyone>),
// ── add
    /// To itself: these nodes did not answer.
    Silent(Vec<NodeName>),
    /// To itself: that node may be asked again.
    Trust(NodeName),
// ── end

// ── file producer.rs
// ── replace
use runtime::{Ctx, NodeName, Server};
// ── with
use std::collections::BTreeSet;
use std::time::Duration;

use runtime::{CallError, Ctx, NodeName, Server};
// ── end
// ── replace
pub struct Producer {
    count: u64,
}
// ── with
pub struct Producer {
    count: u64,
    /// The nodes that did not answer a moment ago.
    silent: BTreeSet<NodeName>,
}
// ── end
// ── replace
        Producer { count }
// ── with
        Producer {
            count,
            silent: BTreeSet::new(),
        }
// ── end
// ── replace
            ProducerMsg::AskEveryone(reply) => {
// …
            ProducerMsg::Count(reply) => reply.send(self.count),
// ── with
            ProducerMsg::AskEveryone(reply) => {
                let all = ctx.list().into_iter().chain([ctx.name().clone()]);
                let (skipped, nodes): (Vec<NodeName>, Vec<NodeName>) =
                    all.partition(|node| self.silent.contains(node));
                let node = ctx.clone();
                ctx.spawn(async move {
                    let asked = node
                        .multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::TotalPings)
                        .await;
                    let silent: Vec<NodeName> = asked
                        .failures
                        .iter()
                        .filter(|(_, why)| matches!(why, CallError::Timeout(_)))
                        .map(|(node, _)| node.clone())
                        .collect();
                    node.send_self(ProducerMsg::Silent(silent));
                    let skipped = skipped
                        .into_iter()
                        .map(|node| (node, "it did not answer a moment ago".to_owned()));
                    let failed = asked
                        .failures
                        .into_iter()
                        .map(|(node, why)| (node, why.to_string()))
                        .chain(skipped)
                        .collect();
                    reply.send(Everyone {
                        totals: asked.answers,
                        failed,
                    });
                });
            }
            ProducerMsg::Silent(nodes) => {
                for node in nodes {
                    self.silent.insert(node.clone());
                    ctx.send_after(Duration::from_secs(3), ProducerMsg::Trust(node));
                }
            }
            ProducerMsg::Trust(node) => {
                self.silent.remove(&node);
            }
            ProducerMsg::Count(reply) => reply.send(self.count),
// ── end
