//! kind = "near-miss"
//! problem = 6
//! claim = "goes on counting"
//! about = "The restarted producer goes on from the highest count of any producer, not of its own."
//! mistakes = ["counts-what-others-sent"]

// ── file producer.rs
// ── gap 6: go on counting
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();

let asked = ctx.multi_call(&nodes, &CONSUMER, ASK_WITHIN, ConsumerMsg::Counts).await;
let seen = asked.answers.values().flat_map(|counts| counts.values());
let count = seen.copied().max().unwrap_or(count);
// ── end 6
