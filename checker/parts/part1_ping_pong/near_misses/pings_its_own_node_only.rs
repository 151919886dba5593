//! kind = "near-miss"
//! problem = 1
//! claim = "every connected consumer"
//! about = "The producer sends its pings to the consumer of its own node and to no other."
//! shortest_story = 1

// ── file producer.rs
// ── replace
let _ = ctx.abcast(&CONSUMER, ping).await;
// ── with
let _ = ctx.cast(&CONSUMER.at(ctx.name()), ping).await;
// ── end
