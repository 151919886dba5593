//! kind = "near-miss"
//! problem = 2
//! claim = "every node"
//! about = "The producer puts only the nodes that answered into its answer."
//! mistakes = ["leaves-out-the-silent"]

// ── file producer.rs
// ── gap 2: ask everyone
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();

let node = ctx.clone();
ctx.spawn(async move {
    let asked = node.multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::TotalPings).await;
    reply.send(Everyone { totals: asked.answers, failed: Default::default() });
});
// ── end 2
