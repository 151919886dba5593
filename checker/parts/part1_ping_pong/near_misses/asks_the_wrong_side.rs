//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "When a connection comes up, the consumer asks the producer of its own node."
//! mistakes = ["says-nothing-on-a-new-link"]

// ── file consumer.rs
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
Info::NodeUp(_) => catch_up(ctx.name().clone(), ctx),
// ── end
