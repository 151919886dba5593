//! kind = "right"
//! about = "Both servers wait for answers inside init and handlers, never longer than the time that they have."

// ── file producer.rs
// ── gap 2: ask everyone
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
let asked = ctx.multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::TotalPings).await;
let failed = asked.failures.into_iter().map(|(node, why)| (node, why.to_string())).collect();
reply.send(Everyone { totals: asked.answers, failed });
// ── end 2
// ── file consumer.rs
// ── gap 3: catch up after a crash
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
let asked = ctx.multi_call(&nodes, &PRODUCER, ASK_WITHIN, ProducerMsg::Count).await;
for (from, count) in asked.answers {
    ctx.send_self(ConsumerMsg::Ping { from, count });
}
// ── end 3
