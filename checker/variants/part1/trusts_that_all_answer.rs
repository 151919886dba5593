//! kind = "near-miss"
//! problem = 2
//! claim = "answers"
//! about = "The producer expects an answer from every node, and crashes when there is none."
//! mistakes = ["expects-every-answer"]

// ── file producer.rs
// ── gap 2: ask everyone
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();

let mut everyone = Everyone { totals: Default::default(), failed: Default::default() };
for node in nodes {
    let total = ctx
        .call_within(ASK_WITHIN, &CONSUMER.at(&node), ConsumerMsg::TotalPings)
        .await
        .expect("the consumer answers");
    everyone.totals.insert(node, total);
}
reply.send(everyone);
// ── end 2
