//! kind = "near-miss"
//! problem = 3
//! claim = "does not withhold"
//! about = "The restarted consumer uses the producers' answers only if all of them answered."

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    catch_up(node, ctx);
}
// ── with
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
let me = ctx.clone();
ctx.spawn(async move {
    let asked = me.multi_call(&nodes, &PRODUCER, ASK_TIMEOUT, ProducerMsg::Count).await;
    if asked.failures.is_empty() {
        for (from, count) in asked.answers {
            me.send_self(ConsumerMsg::Ping { from, count });
        }
    }
});
// ── end
