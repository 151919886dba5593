//! kind = "near-miss"
//! problem = 3
//! claim = "does not withhold"
//! about = "The restarted consumer copies the counts of the first other consumer in the list, and of no other if that one is silent."

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    catch_up(node, ctx);
// ── with
catch_up(ctx.name().clone(), ctx);
if let Some(neighbor) = ctx.list().into_iter().next() {
    let me = ctx.clone();
    ctx.spawn(async move {
        if let Ok(counts) = me.call(&CONSUMER.at(&neighbor), ConsumerMsg::Counts).await {
            for (from, count) in counts {
                me.send_self(ConsumerMsg::Ping { from, count });
            }
        }
    });
// ── end
// ── add
use crate::protocol::CONSUMER;
// ── end
