//! kind = "near-miss"
//! problem = 2
//! claim = "in time"
//! about = "The producer waits for each node as long as any call waits unless told otherwise."
//! mistakes = ["waits-longer-than-it-may"]

// ── file producer.rs
// ── gap 2: ask everyone
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
let node = ctx.clone();
ctx.spawn(async move {
    let asked = node.multi_call(&nodes, &CONSUMER, node.config().call_timeout, ConsumerMsg::TotalPings).await;
    let failed = asked.failures.into_iter().map(|(node, why)| (node, why.to_string())).collect();
    reply.send(Everyone { totals: asked.answers, failed });
});
// ── end 2
