//! kind = "near-miss"
//! problem = 2
//! claim = "answers `AskEveryone`"
//! about = "The producer asks each node again until it answers, also a node that never will."

// ── file producer.rs
// ── replace
let asked = node
    // …
});
// ── with
let mut everyone = Everyone { totals: Default::default(), failed: Default::default() };
let mut asked = nodes;
while !asked.is_empty() {
    let round = node.multi_call(&asked, &CONSUMER, ASK_TIMEOUT, ConsumerMsg::TotalPings).await;
    everyone.totals.extend(round.answers);
    asked = round.failures.into_iter().map(|(node, _)| node).collect();
}
reply.send(everyone);
// ── end
