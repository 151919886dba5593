//! kind = "right"
//! about = "The producer repeats its latest number twice a second, and nobody has to ask or to hear of links."

// ── file protocol.rs
// ── gap 0: more messages to the producer
SayAgain,
// ── end 0
// ── file producer.rs
// ── imports
use std::time::Duration;
// ── end imports
// ── gap 0: whatever else is to do at the start
ctx.send_every(Duration::from_millis(500), || ProducerMsg::SayAgain);
// ── end 0
// ── gap 0: messages of your own
ProducerMsg::SayAgain => {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.abcast(&CONSUMER, ping).await;
}
// ── end 0
// ── file consumer.rs
// ── gap 4: hear of new links
// ── end 4
// ── gap 3: catch up after a crash
// ── end 3
// ── gap 4: meet a node
// ── end 4
// ── gap 3: functions that help to catch up
// ── end 3
