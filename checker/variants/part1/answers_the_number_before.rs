//! kind = "near-miss"
//! problem = 1
//! claim = "answers the number of the ping"
//! about = "The producer answers the number that it had before it counted the ping."
//! mistakes = ["answers-before-counting"]

// ── file producer.rs
// ── gap 1: broadcast
reply.send(self.count);
self.count += 1;
let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
let _ = ctx.abcast(&CONSUMER, ping).await;
// ── end 1
