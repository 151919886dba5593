//! kind = "near-miss"
//! problem = 5
//! claim = "consumers crash before, during and after netsplits"
//! about = "While a consumer still recovers from a crash, it does not ask a node that connects, so one silent node makes it miss the heal of a split."

// ── file protocol.rs
// ── after
    TotalPings(Reply<u64>),
// ── add
    /// To itself: one of the questions of the recovery has ended.
    Recovered,
// ── end

// ── file consumer.rs
// ── replace
pub struct Consumer {
    counts: BTreeMap<NodeName, u64>,
}
// ── with
pub struct Consumer {
    counts: BTreeMap<NodeName, u64>,
    /// How many producers the recovery still waits for.
    recovering: usize,
}
// ── end
// ── replace
        for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
            catch_up(node, ctx);
        }
        Consumer { counts }
// ── with
        let mut recovering = 0;
        for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
            catch_up(node, true, ctx);
            recovering += 1;
        }
        Consumer { counts, recovering }
// ── end
// ── replace
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── with
            ConsumerMsg::Recovered => self.recovering -= 1,
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── end
// ── replace
            Info::NodeUp(node) => catch_up(node, ctx),
// ── with
            // One recovery at a time: the one that runs asks all nodes anyway.
            Info::NodeUp(node) if self.recovering == 0 => catch_up(node, false, ctx),
// ── end
// ── replace
fn catch_up(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        loop {
            match me
                .call_within(ASK_TIMEOUT, &PRODUCER.at(&node), ProducerMsg::Count)
                .await
            {
                Ok(count) => return me.send_self(ConsumerMsg::Ping { from: node, count }),
                Err(CallError::Timeout(_)) => continue,
                Err(_) => return,
            }
        }
    });
}
// ── with
fn catch_up(node: NodeName, is_recovery: bool, ctx: &Ctx<ConsumerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        loop {
            match me
                .call_within(ASK_TIMEOUT, &PRODUCER.at(&node), ProducerMsg::Count)
                .await
            {
                Ok(count) => {
                    me.send_self(ConsumerMsg::Ping { from: node, count });
                    break;
                }
                Err(CallError::Timeout(_)) => continue,
                Err(_) => break,
            }
        }
        if is_recovery {
            me.send_self(ConsumerMsg::Recovered);
        }
    });
}
// ── end
