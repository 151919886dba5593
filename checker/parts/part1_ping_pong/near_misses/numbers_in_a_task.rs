//! kind = "near-miss"
//! problem = 1
//! claim = "a number of its own"
//! about = "A task sends the ping and then has the producer count it, so pings that are sent at once share a number."

// ── file producer.rs
// ── replace
self.count += 1;
let ping = ConsumerMsg::Ping {
    // …
reply.send(self.count);
// ── with
let number = self.count + 1;
let node = ctx.clone();
ctx.spawn(async move {
    let ping = ConsumerMsg::Ping { from: node.name().clone(), count: number };
    let _ = node.abcast(&CONSUMER, ping).await;
    node.send_self(ProducerMsg::Sent(number));
    reply.send(number);
});
// ── end
// ── after
ProducerMsg::Count(reply) => reply.send(self.count),
// ── add
ProducerMsg::Sent(number) => self.count = self.count.max(number),
// ── end
// ── file protocol.rs
// ── after
AskEveryone(Reply<Everyone>),
// ── add
Sent(u64),
// ── end
