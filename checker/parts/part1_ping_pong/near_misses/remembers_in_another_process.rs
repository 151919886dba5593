//! kind = "right"
//! about = "Another server keeps the counts; the restarted consumer reads them there, and asks for what was lost."

// ── file consumer.rs
// ── after
    catch_up(node, ctx);
}
// ── add
// The name is taken if this is not the first start: then it is there, and remembers.
let _ = ctx.start_server::<Memory>(&MEMORY, ()).await;
let kept = ctx.call(&MEMORY.at(ctx.name()), MemoryMsg::Recall).await.unwrap_or_default();
for (from, count) in kept {
    ctx.send_self(ConsumerMsg::Ping { from, count });
}
// ── end
// ── replace
let latest = self.counts.entry(from).or_default();
// ── with
let latest = self.counts.entry(from.clone()).or_default();
// ── end
// ── after
*latest = count.max(*latest);
// ── add
let _ = ctx.cast(&MEMORY.at(ctx.name()), MemoryMsg::Keep(from, *latest)).await;
// ── end
// ── add
use runtime::{Reply, ServerName};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
enum MemoryMsg {
    Keep(NodeName, u64),
    Recall(Reply<BTreeMap<NodeName, u64>>),
}

const MEMORY: ServerName<MemoryMsg> = ServerName::new("memory");

struct Memory(BTreeMap<NodeName, u64>);

impl Server for Memory {
    type Msg = MemoryMsg;
    type Args = ();
    async fn init(_: (), _: &Ctx<MemoryMsg>) -> Self {
        Memory(BTreeMap::new())
    }
    async fn handle(&mut self, msg: MemoryMsg, _: &Ctx<MemoryMsg>) {
        match msg {
            MemoryMsg::Keep(node, count) => drop(self.0.insert(node, count)),
            MemoryMsg::Recall(reply) => reply.send(self.0.clone()),
        }
    }
}
// ── end
