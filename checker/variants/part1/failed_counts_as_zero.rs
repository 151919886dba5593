//! kind = "near-miss"
//! problem = 2
//! claim = "every node"
//! about = "The producer takes the total of a node that did not answer to be zero."
//! mistakes = ["takes-silence-for-zero"]

// ── file producer.rs
// ── gap 2: ask everyone
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();

let node = ctx.clone();
ctx.spawn(async move {
    let asked = node.multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::TotalPings).await;
    let mut totals = asked.answers;
    for silent in asked.failures.into_keys() {
        totals.insert(silent, 0);
    }
    reply.send(Everyone { totals, failed: Default::default() });
});
// ── end 2
