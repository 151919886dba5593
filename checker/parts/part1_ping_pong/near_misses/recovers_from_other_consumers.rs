//! kind = "near-miss"
//! problem = 3
//! claim = "consumers crash while pings are lost, late and repeated"
//! about = "A restarted consumer copies the counts of the other consumers instead of asking the producers, so two consumers that crash at the same time find nothing at each other."

// ── file consumer.rs
// ── replace
use crate::protocol::{ASK_TIMEOUT, ConsumerMsg, PRODUCER, ProducerMsg};
// ── with
use crate::protocol::{ASK_TIMEOUT, CONSUMER, ConsumerMsg, PRODUCER, ProducerMsg};
// ── end
// ── replace
        for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
            catch_up(node, ctx);
        }
// ── with
        // Our own producer knows its count. For the rest, each other consumer has what we had.
        catch_up(ctx.name().clone(), ctx);
        for node in ctx.list() {
            copy_from(node, ctx);
        }
// ── end
// ── add
/// Takes over the counts of another consumer.
fn copy_from(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        loop {
            match me
                .call_within(ASK_TIMEOUT, &CONSUMER.at(&node), ConsumerMsg::Counts)
                .await
            {
                Ok(counts) => {
                    for (from, count) in counts {
                        me.send_self(ConsumerMsg::Ping { from, count });
                    }
                    return;
                }
                Err(CallError::Timeout(_)) => continue,
                Err(_) => return,
            }
        }
    });
}
// ── end
