//! kind = "right"
//! about = "Both servers wait for answers in `init`, never longer than their time allows."

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    catch_up(node, ctx);
// ── with
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
let asked = ctx.multi_call(&nodes, &PRODUCER, ASK_TIMEOUT, ProducerMsg::Count).await;
for (from, count) in asked.answers {
    ctx.send_self(ConsumerMsg::Ping { from, count });
}
for node in asked.failures.into_keys() {
    catch_up(node, ctx);
// ── end
