//! kind = "near-miss"
//! problem = 2
//! claim = "every node"
//! about = "The producer asks the nodes of list(), and its own node is not in it."
//! mistakes = ["leaves-out-the-asking-node"]

// ── file producer.rs
// ── gap 2: ask everyone
let nodes = ctx.list();
let node = ctx.clone();
ctx.spawn(async move {
    let asked = node.multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::TotalPings).await;
    let failed = asked.failures.into_iter().map(|(node, why)| (node, why.to_string())).collect();
    reply.send(Everyone { totals: asked.answers, failed });
});
// ── end 2
