//! kind = "near-miss"
//! problem = 6
//! claim = "goes on counting"
//! about = "The restarted producer goes on from what the first consumer in the list says, though another has seen more."
//! mistakes = ["believes-one-consumer"]

// ── file producer.rs
// ── gap 6: go on counting
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();

let asked = ctx.multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::Counts).await;
let first = asked.answers.values().find_map(|counts| counts.get(ctx.name()));
let count = first.copied().unwrap_or(count);
// ── end 6
