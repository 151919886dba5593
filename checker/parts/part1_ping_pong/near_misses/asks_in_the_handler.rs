//! kind = "near-miss"
//! problem = 2
//! claim = "the answer comes in time"
//! about = "The producer waits for the answers in its handler, so a second caller waits for two timeouts."
//! simulated_only = "A busy machine may need two seconds as well, so processes have a looser limit."

// ── file producer.rs
// ── replace
let node = ctx.clone();
// …
});
// ── with
let asked = ctx.multi_call(&nodes, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::TotalPings).await;
let failed = asked.failures.into_iter().map(|(node, why)| (node, why.to_string()));
reply.send(Everyone { totals: asked.answers, failed: failed.collect() });
// ── end
