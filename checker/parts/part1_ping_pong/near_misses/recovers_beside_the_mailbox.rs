//! kind = "right"
//! about = "A restarted producer recovers in a task and holds back both pings and questions for its count until it knows it; AskEveryone collects one answer after the other in the server's state."

// ── file protocol.rs
// ── after
    AskEveryone(Reply<Everyone>),
// ── add
    /// To itself: go on after this number.
    GoOnAfter(u64),
    /// To itself: what came of asking that node, for the question of this number.
    Answered(u64, NodeName, Result<u64, String>),
// ── end

// ── file producer.rs
// ── replace
use runtime::{Ctx, NodeName, Server};
// ── with
use std::collections::BTreeMap;

use runtime::{Ctx, NodeName, Reply, Server};
// ── end
// ── replace
pub struct Producer {
    count: u64,
}
// ── with
pub struct Producer {
    count: u64,
    /// Whether the count is not known yet.
    is_recovering: bool,
    /// What needs the count, and waits until it is known.
    held: Vec<ProducerMsg>,
    /// The questions to everyone that are under way.
    questions: BTreeMap<u64, Question>,
    /// The number of the next of them.
    next_question: u64,
}

/// A question to everyone.
struct Question {
    reply: Reply<Everyone>,
    /// How many nodes have not answered, or failed to.
    missing: usize,
    so_far: Everyone,
}
// ── end
// ── replace
        let asked = ctx
            .multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::Counts)
            .await;
        let seen = asked
            .answers
            .values()
            .filter_map(|counts| counts.get(ctx.name()));
        let count = seen.copied().max().unwrap_or(count);
        Producer { count }
// ── with
        let me = ctx.clone();
        ctx.spawn(async move {
            let asked = me
                .multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::Counts)
                .await;
            let seen = asked
                .answers
                .values()
                .filter_map(|counts| counts.get(me.name()));
            let count = seen.copied().max().unwrap_or(0);
            me.send_self(ProducerMsg::GoOnAfter(count));
        });
        Producer {
            count,
            is_recovering: true,
            held: Vec::new(),
            questions: BTreeMap::new(),
            next_question: 0,
        }
// ── end
// ── replace
        match msg {
            ProducerMsg::SendPing(reply) => {
// ── with
        match msg {
            ProducerMsg::SendPing(_) | ProducerMsg::Count(_) if self.is_recovering => {
                self.held.push(msg);
            }
            ProducerMsg::GoOnAfter(count) => {
                self.count = count;
                self.is_recovering = false;
                for msg in std::mem::take(&mut self.held) {
                    match msg {
                        ProducerMsg::SendPing(reply) => {
                            let count = self.ping(ctx).await;
                            reply.send(count);
                        }
                        ProducerMsg::Count(reply) => reply.send(self.count),
                        _ => {}
                    }
                }
            }
            ProducerMsg::Answered(number, node, answer) => self.answered(number, node, answer),
            ProducerMsg::SendPing(reply) => {
// ── end
// ── replace
                self.count += 1;
                let ping = ConsumerMsg::Ping {
                    from: ctx.name().clone(),
                    count: self.count,
                };
                let _ = ctx.abcast(&CONSUMER, ping).await;
                reply.send(self.count);
// ── with
                let count = self.ping(ctx).await;
                reply.send(count);
// ── end
// ── replace
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
// ── with
                let mut nodes = ctx.list();
                nodes.push(ctx.name().clone());
                let number = self.next_question;
                self.next_question += 1;
                let question = Question {
                    reply,
                    missing: nodes.len(),
                    so_far: Everyone {
                        totals: BTreeMap::new(),
                        failed: BTreeMap::new(),
                    },
                };
                self.questions.insert(number, question);
                for node in nodes {
                    let me = ctx.clone();
                    ctx.spawn(async move {
                        let asked = me
                            .call_within(ASK_TIMEOUT, &CONSUMER.at(&node), ConsumerMsg::TotalPings)
                            .await;
                        let answer = asked.map_err(|why| why.to_string());
                        me.send_self(ProducerMsg::Answered(number, node, answer));
                    });
                }
// ── end
// ── add
impl Producer {
    /// Sends the next ping, and says its number.
    async fn ping(&mut self, ctx: &Ctx<ProducerMsg>) -> u64 {
        self.count += 1;
        let ping = ConsumerMsg::Ping {
            from: ctx.name().clone(),
            count: self.count,
        };
        let _ = ctx.abcast(&CONSUMER, ping).await;
        self.count
    }

    /// One node has answered one question, or failed to.
    fn answered(&mut self, number: u64, node: NodeName, answer: Result<u64, String>) {
        let Some(question) = self.questions.get_mut(&number) else {
            return;
        };
        match answer {
            Ok(total) => drop(question.so_far.totals.insert(node, total)),
            Err(why) => drop(question.so_far.failed.insert(node, why)),
        }
        question.missing -= 1;
        if question.missing == 0
            && let Some(Question { reply, so_far, .. }) = self.questions.remove(&number)
        {
            reply.send(so_far);
        }
    }
}
// ── end
