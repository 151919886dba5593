//! kind = "near-miss"
//! problem = 2
//! claim = "the producer answers"
//! about = "The producer asks each node again and again until it answers, also one that never will."
//! mistakes = ["asks-the-silent-again"]

// ── file producer.rs
// ── replace
let asked = node
    // …
});
// ── with
let mut everyone = Everyone { totals: Default::default(), failed: Default::default() };
let mut asked = nodes;
while !asked.is_empty() {
    let round = node.multi_call(&asked, &CONSUMER, ASK_WITHIN, ConsumerMsg::TotalPings).await;
    everyone.totals.extend(round.answers);
    asked = round.failures.into_iter().map(|(node, _)| node).collect();
}
reply.send(everyone);
// ── end
