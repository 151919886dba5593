//! kind = "right"
//! about = "The producer asks each node in a task of its own, and answers when all have answered or a timer ends."

// ── file producer.rs
// ── after
count: u64,
// ── add
questions: BTreeMap<u64, (Reply<Everyone>, Everyone)>,
asked: u64,
// ── end
// ── replace
Producer { count }
// ── with
Producer { count, questions: BTreeMap::new(), asked: 0 }
// ── end
// ── replace
let node = ctx.clone();
// …
});
// ── with
self.asked += 1;
let question = self.asked;
for node in nodes.clone() {
    let me = ctx.clone();
    ctx.spawn(async move {
        if let Ok(total) = me.call(&CONSUMER.at(&node), ConsumerMsg::TotalPings).await {
            me.send_self(ProducerMsg::Heard { question, node, total });
        }
    });
}
let late = nodes.into_iter().map(|node| (node, "no answer in time".to_owned()));
let everyone = Everyone { totals: BTreeMap::new(), failed: late.collect() };
self.questions.insert(question, (reply, everyone));
ctx.send_after(ASK_TIMEOUT, ProducerMsg::Enough(question));
// ── end
// ── after
ProducerMsg::Count(reply) => reply.send(self.count),
// ── add
ProducerMsg::Heard { question, node, total } => {
    if let Some((_, everyone)) = self.questions.get_mut(&question) {
        everyone.failed.remove(&node);
        everyone.totals.insert(node, total);
        if everyone.failed.is_empty() {
            ctx.send_self(ProducerMsg::Enough(question));
        }
    }
}
ProducerMsg::Enough(question) => {
    if let Some((reply, everyone)) = self.questions.remove(&question) {
        reply.send(everyone);
    }
}
// ── end
// ── add
use runtime::Reply;
use std::collections::BTreeMap;
// ── end
// ── file protocol.rs
// ── after
AskEveryone(Reply<Everyone>),
// ── add
Heard { question: u64, node: NodeName, total: u64 },
Enough(u64),
// ── end
