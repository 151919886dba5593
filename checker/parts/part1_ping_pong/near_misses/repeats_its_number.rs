//! kind = "right"
//! about = "The producer repeats its latest number twice a second, so no consumer has to ask or to watch connections."

// ── file consumer.rs
// ── replace
ctx.watch_nodes();
// …
}
// ── with
// ── end
// ── file producer.rs
// ── after
let count = seen.copied().max().unwrap_or(count);
// ── add
ctx.send_every(Duration::from_millis(500), || ProducerMsg::SayAgain);
// ── end
// ── after
ProducerMsg::Count(reply) => reply.send(self.count),
// ── add
ProducerMsg::SayAgain => {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.abcast(&CONSUMER, ping).await;
}
// ── end
// ── add
use std::time::Duration;
// ── end
// ── file protocol.rs
// ── after
AskEveryone(Reply<Everyone>),
// ── add
SayAgain,
// ── end
