//! kind = "near-miss"
//! problem = 2
//! claim = "in time"
//! about = "The producer waits for each node as long as any call waits unless told otherwise."
//! mistakes = ["waits-longer-than-it-may"]

// ── file producer.rs
// ── replace
.multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::TotalPings)
// ── with
.multi_call(&nodes, &CONSUMER, node.config().call_timeout, ConsumerMsg::TotalPings)
// ── end
