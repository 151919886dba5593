//! kind = "near-miss"
//! problem = 2
//! claim = "in time"
//! about = "The producer asks the nodes one after another, so that silent nodes cost one time limit each."
//! mistakes = ["asks-one-after-another"]

// ── file producer.rs
// ── replace
let asked = node
    // …
});
// ── with
let mut everyone = Everyone { totals: Default::default(), failed: Default::default() };
for to in nodes {
    match node.call_within(ASK_WITHIN, &CONSUMER.at(&to), ConsumerMsg::TotalPings).await {
        Ok(total) => drop(everyone.totals.insert(to, total)),
        Err(why) => drop(everyone.failed.insert(to, why.to_string())),
    }
}
reply.send(everyone);
// ── end
