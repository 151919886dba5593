//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "The consumer adds the count that a producer answers to its own."

// ── file consumer.rs
// ── after
ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),
// ── add
ConsumerMsg::Missed { from, count } => *self.counts.entry(from).or_default() += count,
// ── end
// ── replace
Ok(count) => return me.send_self(ConsumerMsg::Ping { from: node, count }),
// ── with
Ok(count) => return me.send_self(ConsumerMsg::Missed { from: node, count }),
// ── end
// ── file protocol.rs
// ── after
TotalPings(Reply<u64>),
// ── add
Missed { from: NodeName, count: u64 },
// ── end
