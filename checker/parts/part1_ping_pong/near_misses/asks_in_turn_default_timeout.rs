//! kind = "near-miss"
//! problem = 2
//! claim = "names a paused node"
//! about = "The producer asks one node after another, and waits for each as long as any call waits."
//! mistakes = ["asks-one-after-another"]

// ── file producer.rs
// ── replace
let node = ctx.clone();
// …
});
// ── with
let mut everyone = Everyone { totals: Default::default(), failed: Default::default() };
for node in nodes {
    match ctx.call(&CONSUMER.at(&node), ConsumerMsg::TotalPings).await {
        Ok(total) => drop(everyone.totals.insert(node, total)),
        Err(why) => drop(everyone.failed.insert(node, why.to_string())),
    }
}
reply.send(everyone);
// ── end
