//! kind = "near-miss"
//! problem = 3
//! claim = "late answer"
//! about = "The consumer sets a count to what a producer answered, although a newer ping came before the answer."
//! mistakes = ["overwrites-with-older"]

// ── file consumer.rs
// ── after
ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),
// ── add
ConsumerMsg::Learned { from, count } => drop(self.counts.insert(from, count)),
// ── end
// ── replace
Ok(count) => return me.send_self(ConsumerMsg::Ping { from: node, count }),
// ── with
Ok(count) => return me.send_self(ConsumerMsg::Learned { from: node, count }),
// ── end
// ── file protocol.rs
// ── after
TotalPings(Reply<u64>),
// ── add
Learned { from: NodeName, count: u64 },
// ── end
