//! kind = "near-miss"
//! problem = 1
//! claim = "answers the number of the ping"
//! about = "The producer answers the number that it had before it counted the ping."
//! mistakes = ["answers-before-counting"]

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
