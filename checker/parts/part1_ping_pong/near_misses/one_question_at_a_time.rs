//! kind = "near-miss"
//! problem = 2
//! claim = "answers `AskEveryone`"
//! about = "The producer keeps one open question, so a second caller takes the place of the first."

// ── file producer.rs
// ── after
count: u64,
// ── add
caller: Option<Reply<Everyone>>,
// ── end
// ── replace
Producer { count }
// ── with
Producer { count, caller: None }
// ── end
// ── replace
let node = ctx.clone();
// …
});
// ── with
self.caller = Some(reply);
let node = ctx.clone();
ctx.spawn(async move {
    let asked = node.multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::TotalPings).await;
    let failed = asked.failures.into_iter().map(|(node, why)| (node, why.to_string()));
    node.send_self(ProducerMsg::Asked(Everyone { totals: asked.answers, failed: failed.collect() }));
});
// ── end
// ── after
ProducerMsg::Count(reply) => reply.send(self.count),
// ── add
ProducerMsg::Asked(everyone) => {
    if let Some(reply) = self.caller.take() {
        reply.send(everyone);
    }
}
// ── end
// ── add
use runtime::Reply;
// ── end
// ── file protocol.rs
// ── after
AskEveryone(Reply<Everyone>),
// ── add
Asked(Everyone),
// ── end
