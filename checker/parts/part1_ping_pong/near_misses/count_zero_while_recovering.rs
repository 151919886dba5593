//! kind = "near-miss"
//! problem = 6
//! claim = "producers crash, alone or with their consumer, beside paused and slow nodes"
//! about = "A restarted producer recovers beside its mailbox and holds back pings until then, but answers Count with 0 meanwhile, which a consumer that recovers at the same time believes."

// ── file protocol.rs
// ── after
    AskEveryone(Reply<Everyone>),
// ── add
    /// To itself: go on after this number.
    GoOnAfter(u64),
// ── end

// ── file producer.rs
// ── replace
use runtime::{Ctx, NodeName, Server};
// ── with
use runtime::{Ctx, NodeName, Reply, Server};
// ── end
// ── replace
pub struct Producer {
    count: u64,
}
// ── with
pub struct Producer {
    count: u64,
    /// Whether the count is not known yet.
    is_recovering: bool,
    /// Those who want a ping, and wait until it is.
    waiting: Vec<Reply<u64>>,
}
// ── end
// ── replace
        let asked = ctx
            .multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::Counts)
            .await;
        let seen = asked
            .answers
            .values()
            .filter_map(|counts| counts.get(ctx.name()));
        let count = seen.copied().max().unwrap_or(count);
        Producer { count }
// ── with
        let me = ctx.clone();
        ctx.spawn(async move {
            let asked = me
                .multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::Counts)
                .await;
            let seen = asked
                .answers
                .values()
                .filter_map(|counts| counts.get(me.name()));
            let count = seen.copied().max().unwrap_or(0);
            me.send_self(ProducerMsg::GoOnAfter(count));
        });
        Producer {
            count,
            is_recovering: true,
            waiting: Vec::new(),
        }
// ── end
// ── replace
            ProducerMsg::SendPing(reply) => {
                self.count += 1;
                let ping = ConsumerMsg::Ping {
                    from: ctx.name().clone(),
                    count: self.count,
                };
                let _ = ctx.abcast(&CONSUMER, ping).await;
                reply.send(self.count);
            }
// ── with
            // A ping with a used number would be lost.
            ProducerMsg::SendPing(reply) if self.is_recovering => self.waiting.push(reply),
            ProducerMsg::SendPing(reply) => {
                let count = self.ping(ctx).await;
                reply.send(count);
            }
            ProducerMsg::GoOnAfter(count) => {
                self.count = count;
                self.is_recovering = false;
                for reply in std::mem::take(&mut self.waiting) {
                    let count = self.ping(ctx).await;
                    reply.send(count);
                }
            }
// ── end
// ── add
impl Producer {
    /// Sends the next ping, and says its number.
    async fn ping(&mut self, ctx: &Ctx<ProducerMsg>) -> u64 {
        self.count += 1;
        let ping = ConsumerMsg::Ping {
            from: ctx.name().clone(),
            count: self.count,
        };
        let _ = ctx.abcast(&CONSUMER, ping).await;
        self.count
    }
}
// ── end
