//! kind = "near-miss"
//! problem = 1
//! claim = "SendPing answers with its number"
//! about = "The producer answers SendPing before it counts the ping."

// ── file producer.rs
// ── after
ProducerMsg::SendPing(reply) => {
// ── add
    reply.send(self.count);
// ── end
// ── replace
reply.send(self.count);
// ── with
// ── end
