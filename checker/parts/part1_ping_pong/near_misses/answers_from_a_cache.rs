//! kind = "near-miss"
//! problem = 2
//! claim = "current total"
//! about = "The producer keeps the totals that nodes answered, and does not ask these nodes again."

// ── file producer.rs
// ── after
count: u64,
// ── add
cache: BTreeMap<NodeName, u64>,
// ── end
// ── replace
Producer { count }
// ── with
Producer { count, cache: BTreeMap::new() }
// ── end
// ── replace
let nodes: Vec<NodeName> =
// ── with
let mut totals = self.cache.clone();
let mut nodes: Vec<NodeName> =
// ── end
// ── after
    ctx.list().into_iter().chain([ctx.name().clone()]).collect();
// ── add
nodes.retain(|node| !totals.contains_key(node));
// ── end
// ── replace
reply.send(Everyone {
    // …
});
// ── with
node.send_self(ProducerMsg::Heard(asked.answers.clone()));
totals.extend(asked.answers);
reply.send(Everyone { totals, failed });
// ── end
// ── after
ProducerMsg::Count(reply) => reply.send(self.count),
// ── add
ProducerMsg::Heard(totals) => self.cache.extend(totals),
// ── end
// ── add
use std::collections::BTreeMap;
// ── end
// ── file protocol.rs
// ── after
AskEveryone(Reply<Everyone>),
// ── add
Heard(BTreeMap<NodeName, u64>),
// ── end
