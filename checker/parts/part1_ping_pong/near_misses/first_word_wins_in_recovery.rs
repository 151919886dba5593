//! kind = "near-miss"
//! problem = 3
//! claim = "consumers crash while pings are lost, late and repeated"
//! about = "After a crash, the answer of a producer counts only if no ping of it has come meanwhile, and that ping may have been an old one."

// ── file protocol.rs
// ── after
    TotalPings(Reply<u64>),
// ── add
    /// To itself: the producer of node `from` says that its count is this.
    Recovered {
        /// The producer's node.
        from: NodeName,
        /// Its count.
        count: u64,
    },
// ── end

// ── file consumer.rs
// ── replace
        for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
            catch_up(node, ctx);
        }
// ── with
        for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
            recover(node, ctx);
        }
// ── end
// ── replace
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── with
            ConsumerMsg::Recovered { from, count } => {
                // A ping that has come since the question is newer than the answer.
                self.counts.entry(from).or_insert(count);
            }
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── end
// ── add
/// Asks one producer for its count after a crash.
fn recover(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        loop {
            match me
                .call_within(ASK_TIMEOUT, &PRODUCER.at(&node), ProducerMsg::Count)
                .await
            {
                Ok(count) => return me.send_self(ConsumerMsg::Recovered { from: node, count }),
                Err(CallError::Timeout(_)) => continue,
                Err(_) => return,
            }
        }
    });
}
// ── end
