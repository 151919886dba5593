//! kind = "near-miss"
//! problem = 2
//! claim = "in time"
//! about = "The producer waits for each node as long as any call waits."

// ── file producer.rs
// ── replace
.multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::TotalPings)
// ── with
.multi_call(&nodes, &CONSUMER, node.config().call_timeout, ConsumerMsg::TotalPings)
// ── end
