//! kind = "near-miss"
//! problem = 6
//! claim = "continues its count"
//! about = "The restarted producer asks only the consumer of its own node, which may have crashed as well."
//! mistakes = ["asks-no-other-consumer"]

// ── file producer.rs
// ── replace
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
// …
let count = seen.copied().max().unwrap_or(count);
// ── with
let asked = ctx.call_within(ASK_TIMEOUT, &CONSUMER.at(ctx.name()), ConsumerMsg::Counts).await;
let count = asked.ok().and_then(|counts| counts.get(ctx.name()).copied()).unwrap_or(count);
// ── end
