//! kind = "near-miss"
//! problem = 1
//! claim = "every connected consumer"
//! about = "The producer sends its pings to the consumer of its own node, and to no other."
//! mistakes = ["pings-its-own-node-only"]

// ── file producer.rs
// ── gap 1: broadcast
self.count += 1;
let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
let _ = ctx.cast(&CONSUMER.at(ctx.name()), ping).await;
reply.send(self.count);
// ── end 1
