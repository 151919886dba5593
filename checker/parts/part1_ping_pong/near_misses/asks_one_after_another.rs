//! kind = "near-miss"
//! problem = 2
//! claim = "no longer than one"
//! about = "The producer asks the nodes one after another, so each silent node costs a timeout."
//! mistakes = ["asks-one-after-another"]

// ── file producer.rs
// ── replace
let asked = node
    // …
});
// ── with
let mut everyone = Everyone { totals: Default::default(), failed: Default::default() };
for to in nodes {
    match node.call_within(ASK_TIMEOUT, &CONSUMER.at(&to), ConsumerMsg::TotalPings).await {
        Ok(total) => drop(everyone.totals.insert(to, total)),
        Err(why) => drop(everyone.failed.insert(to, why.to_string())),
    }
}
reply.send(everyone);
// ── end
