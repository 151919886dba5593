//! kind = "near-miss"
//! problem = 2
//! claim = "no longer than one"
//! about = "The producer asks one node after another, and gives each its share of the timeout."

// ── file producer.rs
// ── replace
let asked = node
    // …
});
// ── with
let mut everyone = Everyone { totals: Default::default(), failed: Default::default() };
let share = ASK_TIMEOUT / nodes.len() as u32;
for to in nodes {
    match node.call_within(share, &CONSUMER.at(&to), ConsumerMsg::TotalPings).await {
        Ok(total) => drop(everyone.totals.insert(to, total)),
        Err(why) => drop(everyone.failed.insert(to, why.to_string())),
    }
}
reply.send(everyone);
// ── end
