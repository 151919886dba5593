//! kind = "right"
//! about = "When two nodes meet, each producer also pushes its count to the other's consumer, besides being asked for it; the counts are in a hash map."

// ── file producer.rs
// ── replace
use runtime::{Ctx, NodeName, Server};
// ── with
use runtime::{Ctx, Info, NodeName, Server};
// ── end
// ── after
        let count = 0;
// ── add
        ctx.watch_nodes();
// ── end
// ── replace
            ProducerMsg::Count(reply) => reply.send(self.count),
        }
    }
}
// ── with
            ProducerMsg::Count(reply) => reply.send(self.count),
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<ProducerMsg>) {
        let Info::NodeUp(node) = info else { return };
        let (me, count) = (ctx.clone(), self.count);
        if count == 0 {
            return;
        }
        ctx.spawn(async move {
            // It may have been disconnected on purpose since.
            if me.list().contains(&node) {
                let from = me.name().clone();
                let _ = me
                    .cast(&CONSUMER.at(&node), ConsumerMsg::Ping { from, count })
                    .await;
            }
        });
    }
}
// ── end

// ── file consumer.rs
// ── replace
use std::collections::BTreeMap;
// ── with
use std::collections::HashMap;
// ── end
// ── replace
pub struct Consumer {
    counts: BTreeMap<NodeName, u64>,
}
// ── with
pub struct Consumer {
    counts: HashMap<NodeName, u64>,
}
// ── end
// ── replace
        let counts: BTreeMap<NodeName, u64> = BTreeMap::new();
// ── with
        let counts: HashMap<NodeName, u64> = HashMap::new();
// ── end
// ── replace
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── with
            ConsumerMsg::Counts(reply) => {
                let counts = self.counts.iter();
                reply.send(counts.map(|(node, count)| (node.clone(), *count)).collect());
            }
// ── end
