//! kind = "near-miss"
//! problem = 6
//! claim = "a silent consumer delays the producer's start"
//! about = "The restarted producer waits for a silent consumer as long as any call waits."

// ── file producer.rs
// ── replace
.multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::Counts)
// ── with
.multi_call(&nodes, &CONSUMER, ctx.config().call_timeout, ConsumerMsg::Counts)
// ── end
