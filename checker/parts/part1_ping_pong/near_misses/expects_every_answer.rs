//! kind = "near-miss"
//! problem = 2
//! claim = "answers"
//! about = "The producer expects an answer from every node, and crashes when one is missing."

// ── file producer.rs
// ── replace
let node = ctx.clone();
// …
});
// ── with
let mut everyone = Everyone { totals: Default::default(), failed: Default::default() };
for node in nodes {
    let consumer = CONSUMER.at(&node);
    let total = ctx.call_within(ASK_TIMEOUT, &consumer, ConsumerMsg::TotalPings).await;
    everyone.totals.insert(node, total.expect("the consumer answers"));
}
reply.send(everyone);
// ── end
