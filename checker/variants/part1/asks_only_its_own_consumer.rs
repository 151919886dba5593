//! kind = "near-miss"
//! problem = 6
//! claim = "goes on counting"
//! about = "The restarted producer asks only the consumer of its own node, which may have crashed as well."
//! mistakes = ["asks-no-other-consumer"]

// ── file producer.rs
// ── gap 6: go on counting
let asked = ctx.call_within(ASK_WITHIN, &CONSUMER.at(ctx.name()), ConsumerMsg::Counts).await;
let count = asked.ok().and_then(|counts| counts.get(ctx.name()).copied()).unwrap_or(count);
// ── end 6
