//! kind = "right"
//! about = "The producer asks everyone with a task for each node, and answers when all are done or a timer says so."

// ── file protocol.rs
// ── gap 0: more messages to the producer
Heard {
    question: u64,
    node: NodeName,
    total: Result<u64, String>,
},
Enough(u64),
// ── end 0
// ── file producer.rs
// ── imports
use runtime::Reply;
use std::collections::{BTreeMap, BTreeSet};
// ── end imports
// ── gap 0: fields of your own
questions: BTreeMap<u64, Question>,
asked: u64,
// ── end 0
// ── gap 0: first values of your fields
questions: BTreeMap::new(),
asked: 0,
// ── end 0
// ── gap 0: functions of your own
struct Question {
    reply: Reply<Everyone>,
    open: BTreeSet<NodeName>,
    answer: Everyone,
}

impl Producer {
    fn finish(&mut self, question: u64) {
        if let Some(Question { reply, open, mut answer }) = self.questions.remove(&question) {
            answer.failed.extend(open.into_iter().map(|node| (node, "no answer in time".to_owned())));
            reply.send(answer);
        }
    }
}
// ── end 0
// ── gap 2: ask everyone
self.asked += 1;
let question = self.asked;
let open: BTreeSet<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
for node in open.clone() {
    let me = ctx.clone();
    ctx.spawn(async move {
        let asked = me.call(&CONSUMER.at(&node), ConsumerMsg::TotalPings).await;
        let total = asked.map_err(|why| why.to_string());
        me.send_self(ProducerMsg::Heard { question, node, total });
    });
}
let answer = Everyone { totals: BTreeMap::new(), failed: BTreeMap::new() };
self.questions.insert(question, Question { reply, open, answer });
ctx.send_after(ASK_WITHIN, ProducerMsg::Enough(question));
// ── end 2
// ── gap 0: messages of your own
ProducerMsg::Heard { question, node, total } => {
    let Some(open) = self.questions.get_mut(&question) else { return };
    open.open.remove(&node);
    match total {
        Ok(total) => drop(open.answer.totals.insert(node, total)),
        Err(why) => drop(open.answer.failed.insert(node, why)),
    }
    if open.open.is_empty() {
        self.finish(question);
    }
}
ProducerMsg::Enough(question) => self.finish(question),
// ── end 0
