//! kind = "near-miss"
//! problem = 2
//! claim = "current total"
//! about = "The producer keeps the totals that it was told and does not ask these nodes again."
//! mistakes = ["answers-from-memory"]

// ── file protocol.rs
// ── gap 0: more messages to the producer
Heard(BTreeMap<NodeName, u64>),
// ── end 0
// ── file producer.rs
// ── imports
use std::collections::BTreeMap;
// ── end imports
// ── gap 0: fields of your own
cache: BTreeMap<NodeName, u64>,
// ── end 0
// ── gap 0: first values of your fields
cache: BTreeMap::new(),
// ── end 0
// ── gap 0: messages of your own
ProducerMsg::Heard(totals) => self.cache.extend(totals),
// ── end 0
// ── gap 2: ask everyone
let mut totals = self.cache.clone();
let mut nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
nodes.retain(|node| !totals.contains_key(node));
let node = ctx.clone();
ctx.spawn(async move {
    let asked = node.multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::TotalPings).await;
    let failed = asked.failures.into_iter().map(|(node, why)| (node, why.to_string())).collect();
    node.send_self(ProducerMsg::Heard(asked.answers.clone()));
    totals.extend(asked.answers);
    reply.send(Everyone { totals, failed });
});
// ── end 2
